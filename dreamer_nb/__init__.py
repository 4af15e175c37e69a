"""Learn DreamerV3 by reading it, running it, playing inside it and then using it."""

__version__ = "0.1.0"

_HOMES = {                      # public name -> the module it lives in
    'Agent': 'agent', 'Config': 'config', 'DreamEnv': 'dream_env', 'Run': 'visualize',
    'Trainer': 'trainer', 'load_policy': 'checkpoints',
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    "Import a public name when it is first used (PEP 562): `import dreamer_nb` alone does not load torch."
    if name not in _HOMES: raise AttributeError(f"module 'dreamer_nb' has no attribute {name!r}")
    from importlib import import_module
    value = getattr(import_module(f'dreamer_nb.{_HOMES[name]}'), name)
    globals()[name] = value
    return value


def __dir__(): return sorted({*globals(), *__all__})
