"""The official DreamerV3 in JAX, for `dreamer-bench learner --against nbs/against/jax_official.py`.

Used: github.com/danijar/dreamerv3 at f8817c4, jax 0.4.33, ninjax 3.6.3, elements 3.22.4.
Prepare, in the environment of dreamer_nb (its torch and this jax live in one process):

    pip install "jax[cpu]==0.4.33" ninjax elements chex optax einops ruamel.yaml
    git clone https://github.com/danijar/dreamerv3 /some/where     # and its requirements.txt
    PEER=/some/where dreamer-bench learner --against nbs/against/jax_official.py

Its own `Agent.train`, jitted, parameters donated, as its own loop does; float32, size1m, all other
settings of its configs.yaml. Left out: the wrapper that moves batches to devices and logs.
XLA gets as many threads as PyTorch has; every update waits for its result.
PRECISION=bfloat16 is its default on a GPU, and slower on most CPUs.
"""
import os
import sys
from pathlib import Path

import numpy as np
import torch

PEER = Path(os.environ['PEER'])
sys.path.insert(0, str(PEER))

import elements
import jax
import ninjax as nj
import ruamel.yaml
from dreamerv3.agent import Agent
from embodied.jax import internal


def limit_threads(n: int):
    "Before JAX starts: XLA sizes its pool by NPROC; one thread also needs Eigen to keep to it."
    internal.setup(platform='cpu', compute_dtype=os.environ.get('PRECISION', 'float32'), transfer_guard=False)
    os.environ['NPROC'] = str(n)
    if n == 1: os.environ['XLA_FLAGS'] = '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1'


def model_of(obs: dict):
    "The model inside its agent, at size1m."
    text = ruamel.yaml.YAML(typ='safe').load((PEER / 'dreamerv3/configs.yaml').read_text())
    config = elements.Config(text['defaults']).update(text['size1m'])
    flags = {k: elements.Space(bool) for k in ('is_first', 'is_last', 'is_terminal')}
    model = object.__new__(Agent)  # not Agent(…): that would add the wrapper
    seen, actions = obs | flags | dict(reward=elements.Space(np.float32)), dict(action=elements.Space(np.int32, (), 0, 2))
    model.__init__(seen, actions, elements.Config(**config.agent, replay_context=1))
    return model


def make_batch(obs: str, batch: int, length: int) -> dict:
    limit_threads(torch.get_num_threads())
    spaces = dict(vector=elements.Space(np.float32, 4), image=elements.Space(np.uint8, (64, 64, 3)))
    model = model_of({obs: spaces[obs]})
    rng, shape = np.random.default_rng(0), (batch, length + 1)
    data = {k: rng.random(shape) < 0.03 for k in ('is_first', 'is_last', 'is_terminal')}
    data |= dict(reward=rng.normal(size=shape).astype(np.float32), action=rng.integers(2, size=shape, dtype=np.int32))
    data[obs] = (rng.normal(size=(*shape, 4)).astype(np.float32) if obs == 'vector' else
                 rng.integers(256, size=(*shape, 64, 64, 3), dtype=np.uint8))
    for key, space in model.ext_space.items(): data[key] = np.zeros((*shape, *space.shape), space.dtype)
    data, key = jax.device_put(data), jax.random.PRNGKey(0)
    carry = nj.pure(model.init_train)({}, batch, seed=key)[1]
    params = jax.jit(lambda seed: nj.init(model.train)({}, carry, data, seed=seed))(key)
    step = jax.jit(nj.pure(model.train), donate_argnums=0)
    return dict(data=data, carry=carry, params=params, key=key, step=step)


def update(b: dict) -> dict:  # its metrics
    b['key'], seed = jax.random.split(b['key'])
    b['params'], (b['carry'], _, metrics) = jax.block_until_ready(b['step'](b['params'], b['carry'], b['data'], seed=seed))
    return metrics
