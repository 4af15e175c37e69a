"""Everything here is read from settings.ini, the one source of metadata."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

parser = ConfigParser(delimiters=['='], interpolation=None)
parser.read('settings.ini', encoding='utf-8')
cfg = parser['DEFAULT']
suffix = '_requirements'
extras = {key[:-len(suffix)]: cfg[key].split() for key in cfg if key.endswith(suffix)}
lib = cfg['lib_name']

setup(
    name=lib,
    version=cfg['version'],
    description=cfg['description'],
    long_description=Path('README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=cfg['author'],
    author_email=cfg['author_email'],
    url=cfg['git_url'],
    license='MIT',
    keywords=cfg['keywords'],
    packages=find_packages(include=[lib, f'{lib}.*']),
    package_data={lib: ['conf/*.yaml', 'conf/**/*.yaml', 'data/*']},
    python_requires=f">={cfg['min_python']}",
    install_requires=cfg['requirements'].split(),
    extras_require=extras,
    entry_points={'console_scripts': cfg['console_scripts'].split(),
                  'nbdev': [f'{lib}={lib}._modidx:d']},
    zip_safe=False,
)
