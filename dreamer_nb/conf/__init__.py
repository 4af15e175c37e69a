"""Hydra configuration: `config.yaml`, presets for environments in `env/`, sweeps in `sweep/`."""
