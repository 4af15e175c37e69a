"""TorchRL's DreamerV3, for `dreamer-bench learner --against nbs/against/torchrl.py`.

Used: torchrl 0.14.1 with tensordict 0.14.3. Prepare, in the environment of dreamer_nb: `pip install torchrl==0.14.1`.

TorchRL ships modules, losses, an optimizer and a step, but no agent: here they are put together at size1m, in
float32, with the settings of the official code. All that computes is TorchRL's. For images it does less work than
the official code: strided and transposed convolutions, as in 2023, and a smaller decoder (640,372 parameters, not 685,940).
COMPILE=1 compiles forward and backward (some minutes at the first update); its default on a CPU is eager.
"""
import os
from types import SimpleNamespace

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule as Wrap, TensorDictSequential as Chain
from torchrl import modules as nets, objectives as losses
from torchrl.data import Composite, OneHot, Unbounded
from torchrl.envs.model_based import DreamerEnv
from torchrl.trainers.algorithms import DreamerV3OptimizationStepper, DreamerV3Optimizer

DETER, STATE, UNITS = 512, 32 * 4, 64  # size1m
RSSM = dict(hidden_dim=64, rnn_hidden_dim=DETER, num_categoricals=32, num_classes=4, unimix=0.01)
HERE, NEXT = ['state', 'belief'], [('next', 'state'), ('next', 'belief')]  # where a head reads the latents


def networks(obs: str) -> SimpleNamespace:  # all but the actor
    mlp = lambda out, depth, scale=1.0, n=DETER + STATE: nets.DreamerV3MLP(n, out, depth=depth, num_cells=UNITS, outscale=scale)
    encoder = nets.DreamerV3ImageEncoder(depth=4) if obs == 'image' else mlp(None, 3, n=4)
    width = encoder.output_features((3, 64, 64)) if obs == 'image' else UNITS
    return SimpleNamespace(
        encoder=encoder, decoder=nets.DreamerV3ImageDecoder(DETER + STATE, depth=4) if obs == 'image' else mlp(4, 3),
        reward=mlp(255, 1, 0.0), cont=mlp(1, 1), value=mlp(255, 3, 0.0), two_hot=nets.SymExpTwoHot(255),
        prior=nets.RSSMPriorV3(action_shape=(2,), action_dim=2, recurrent_model='block_gru', **RSSM),
        posterior=nets.RSSMPosteriorV3(obs_embed_dim=width, use_rms_norm=True, **RSSM))


def dream(n: SimpleNamespace) -> DreamerEnv:  # the world model as an environment
    reward = Chain(Wrap(n.reward, HERE, ['reward_logits']), Wrap(n.two_hot, ['reward_logits'], ['reward']))
    world = nets.WorldModelWrapper(Wrap(n.prior, [*HERE, 'action'], ['_', *HERE]), reward)
    env = DreamerEnv(world, prior_shape=(STATE,), belief_shape=(DETER,))
    env.observation_spec = Composite(state=Unbounded(STATE), belief=Unbounded(DETER))
    env.state_spec, env.action_spec, env.reward_spec = env.observation_spec.clone(), OneHot(2), Unbounded((1,))
    return env


def objective(obs: str) -> losses.DreamerV3Loss:
    n, after = networks(obs), lambda *names: [('next', name) for name in names]
    prior = Wrap(n.prior, [*HERE, 'action'], after('prior_logits', *HERE))
    posterior = Wrap(n.posterior, after('belief', 'encoded_latents'), after('posterior_logits', 'state'))
    squash = Wrap(losses.symlog if obs == 'vector' else torch.nn.Identity(), after('observation'), ['squashed'])
    world = Chain(squash, Wrap(n.encoder, ['squashed'], after('encoded_latents')), nets.RSSMRolloutV3(prior, posterior),
                  Wrap(n.decoder, NEXT, after('reco_pixels')), Wrap(n.reward, NEXT, after('reward_logits')),
                  Wrap(n.cont, NEXT, after('continue_pred')))
    model = losses.DreamerV3ModelLoss(world, kl_mode='separate', unimix=0.01, lambda_continue=1.0, detach_output=False,
                                      continue_target_scale=1 - 1 / 333, reco_symlog=obs == 'vector')
    model.set_keys(pixels='observation')
    cont = Chain(Wrap(n.cont, HERE, ['logit']), Wrap(torch.nn.Sigmoid(), ['logit'], ['continuation']))
    value = Chain(Wrap(n.value, HERE, ['state_value_logits']), Wrap(n.two_hot, ['state_value_logits'], ['state_value']))
    policy = nets.DreamerV3DiscreteActor(DETER + STATE, 2, num_cells=UNITS)
    actor = losses.DreamerV3ActorLoss(policy, value, dream(n), continuation_model=cont, use_reinforce=True)
    actor.make_value_estimator(losses.ValueEstimators.TDLambda, gamma=1.0, lmbda=0.95)
    critic = losses.DreamerV3ValueLoss(value, 'two_hot', actor_loss=actor, slow_critic_regularization=1.0)
    return losses.DreamerV3Loss(model, actor, critic)


def make_batch(obs: str, batch: int, length: int) -> SimpleNamespace:
    torch.manual_seed(0)
    loss, shape, flag = objective(obs), (batch, length), lambda: torch.rand(batch, length, 1) < 0.03
    seen = torch.randn(*shape, 4) if obs == 'vector' else torch.randint(256, (*shape, 3, 64, 64), dtype=torch.uint8)
    after = dict(observation=seen, reward=torch.randn(*shape, 1), done=flag(), terminated=flag())
    data = dict(state=torch.zeros(*shape, STATE), belief=torch.zeros(*shape, DETER), is_init=flag(), next=after)
    data = TensorDict(data | dict(action=torch.eye(2)[torch.randint(2, shape)]), shape)
    rest = dict(compile_train_step=os.environ.get('COMPILE') == '1', cudagraph=False, warmup_steps=1)
    slow = losses.SoftUpdate(loss.value_loss, tau=0.02)
    stepper = DreamerV3OptimizationStepper(loss, DreamerV3Optimizer(loss.parameters()), slow, **rest)
    if rest['compile_train_step']: stepper.warmup(data)
    return SimpleNamespace(stepper=stepper, data=data, losses=loss)


def update(b: SimpleNamespace) -> TensorDict: return b.stepper.step(None, b.data)  # its metrics
