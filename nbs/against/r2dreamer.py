"""R2-Dreamer in PyTorch, for `dreamer-bench learner --against nbs/against/r2dreamer.py`.

Used: github.com/NM512/r2dreamer at 29c30d4 (networks, distributions and optim as
forks of it keep them: the same layers). Prepare, in the environment of dreamer_nb:

    pip install tensordict
    git clone https://github.com/NM512/r2dreamer /some/where
    PEER=/some/where dreamer-bench learner --against nbs/against/r2dreamer.py

Its own `Dreamer.update` with rep_loss=dreamer (the decoder of DreamerV3, so that both do the same work),
size1m, all other settings of its configs. Two things differ from how it trains:
- its automatic half precision is switched off: on a CPU float16 is slower than float32, and ours is float32;
- the replay buffer hands out one ready batch and ignores the latents that come back.
COMPILE=1 compiles the gradient as its default does; without, it runs eagerly. The first time took half an
hour once; PyTorch keeps what was compiled.
"""
import contextlib
import os
import sys
from types import SimpleNamespace

sys.path.insert(0, os.environ['PEER'])

import dreamer
import torch
from omegaconf import OmegaConf
from tensordict import TensorDict

SIZE = dict(deter=512, hidden=64, discrete=4, depth=4, units=64, act='SiLU', norm=True)  # size1m


def config(obs: str):
    "The settings of its configs, at size1m."
    keys = dict(mlp_keys='vector', cnn_keys='$^') if obs == 'vector' else dict(mlp_keys='$^', cnn_keys='image')
    model = OmegaConf.load(os.path.join(os.environ['PEER'], 'configs/model/_base_.yaml'))
    own = dict(rep_loss='dreamer', compile=os.environ.get('COMPILE') == '1')
    whole = dict(device='cpu', env=dict(encoder=keys, decoder=keys), model=OmegaConf.merge(model, SIZE, own))
    return OmegaConf.create(whole).model  # inside the whole: it refers to the rest


def make_batch(obs: str, batch: int, length: int) -> SimpleNamespace:
    dreamer.autocast = lambda **_: contextlib.nullcontext()
    torch.manual_seed(0)
    shape, actions = dict(vector=(4,), image=(64, 64, 3))[obs], SimpleNamespace(n=2, discrete=True)
    space = SimpleNamespace(spaces={obs: SimpleNamespace(shape=shape)})
    with contextlib.redirect_stdout(sys.stderr): agent = dreamer.Dreamer(config(obs), space, actions)
    data = {k: torch.rand(batch, length, 1) < 0.03 for k in ('is_first', 'is_last', 'is_terminal')}
    data |= dict(reward=torch.randn(batch, length, 1), action=torch.eye(2)[torch.randint(2, (batch, length))])
    pixels = lambda: torch.randint(256, (batch, length, *shape), dtype=torch.uint8)
    data[obs] = torch.randn(batch, length, *shape) if obs == 'vector' else pixels()
    data, latents = TensorDict(data, batch_size=(batch, length)), agent.rssm.initial(batch)
    replay = SimpleNamespace(sample=lambda: (data.copy(), None, latents), update=lambda index, stoch, deter: None)
    return SimpleNamespace(agent=agent, replay=replay)


def update(b: SimpleNamespace) -> dict:  # its metrics
    return b.agent.update(b.replay)
