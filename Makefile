# make train   set up .venv, then solve CartPole
# make test    set up .venv, then all checks and tests (what CI runs)
# make help    the rest

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
WORKERS ?= 2
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt
# One thread per process: several notebooks are tested at once.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
# A spawned pool can hang for ever, and nbdev_test would wait for it. macOS has no `timeout`.
LIMIT      := $(if $(shell command -v timeout),timeout 780)
LONG_LIMIT := $(if $(shell command -v timeout),timeout 7200)

.DEFAULT_GOAL := help
.PHONY: help train test test-long check export lab audit inputs faults results speedrun scaling bench gpu worlds nano film zoo promises docs dist constraints clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

train: $(VENV)/.train  ## solve CartPole from a cold start (make train ARGS="general.seed=1")
	$(BIN)/dreamer-train $(ARGS)

test: check  ## checks of generated files, all notebooks in fast mode, pytest
	FAST=1 $(ONE_THREAD) $(LIMIT) $(BIN)/nbdev_test --do_print --timing
	$(ONE_THREAD) $(LIMIT) $(BIN)/pytest -q -n $(WORKERS) --dist worksteal

test-long: check  ## the same, with the tests marked slow and notebooks at full length
	$(ONE_THREAD) $(LONG_LIMIT) $(BIN)/nbdev_test --do_print --timing --flags "slow faults notest"
	$(ONE_THREAD) $(LONG_LIMIT) $(BIN)/pytest -q -m "slow or not slow"

check: $(VENV)/.dev  ## is everything generated in step with the notebooks?
	$(BIN)/ruff check -q --output-format concise
	$(BIN)/python -m dreamer_nb.devtools check

export: $(VENV)/.dev  ## write package, tests and README from the notebooks
	$(BIN)/python -m dreamer_nb.devtools export

lab: $(VENV)/.jupyter  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab nbs/index.ipynb

audit: $(VENV)/.audit  ## risky lines in our code (bandit), known holes in the pinned packages (pip-audit)
	mkdir -p build && $(BIN)/bandit -q -r dreamer_nb -f json -o build/bandit.json --exit-zero
	$(BIN)/python -m dreamer_nb.trust build/bandit.json
	$(BIN)/pip-audit -r constraints.txt --no-deps --disable-pip --progress-spinner off

results: $(VENV)/.train  ## the CartPole table: twenty cold starts, one after the other
	$(BIN)/dreamer-bench train --seeds $$(seq 0 19) --out nbs/results/cartpole.json

inputs: $(VENV)/.dev  ## bad input by the thousand
	$(BIN)/python -m dreamer_nb.inputs --out nbs/results/inputs.json

faults: $(VENV)/.train  ## break runs on purpose, fifty times in each way, and one for an hour (two hours)
	$(BIN)/python -m dreamer_nb.faults --out nbs/results/faults.json --seeds 50
	$(BIN)/python -m dreamer_nb.faults soak --minutes 60 --out nbs/results/soak.json

# Choices of the CartPole preset taken back to the official value, with the larger update of that time; more seeds may follow.
EARLIER   = train.sequence_length=32 train.imag_last=8 train.replay_ratio=48 train.eval_every=10 train.actor_entropy=0.01 train.max_env_steps=20000
TAKE_BACK = $(BIN)/dreamer-bench train --seeds 0 1 2 $(3) --out nbs/results/speedrun/$(1).json -- train.max_steps=800 $(EARLIER) $(2)

# What was tried with the smaller update; a set that was left early goes on.
# In the committed files the evaluation after one that passed comes as late as any other (91087b2 and before), but for `again`.
LATER  = train.max_env_steps=30000 train.eval_every=15 train.checkpoint_every=400 train.keep_checkpoints=20 train.final_episodes=5
CHANGE = $(BIN)/dreamer-bench train --seeds $$(seq 100 119) --out nbs/results/speedrun/$(1).json -- $(LATER) $(2)

speedrun: $(VENV)/.train  ## what each choice of the CartPole preset brings (three hours)
	$(call TAKE_BACK,slow_critic,train.slow_rate=0.02)
	$(call TAKE_BACK,lambda,train.lam=0.95)
	$(call TAKE_BACK,replay_value,train.replay_value_scale=0.3)
	$(call TAKE_BACK,ends,replay.ends=0)
	$(call TAKE_BACK,reconstruction,train.rec_scale=1)
	$(call TAKE_BACK,entropy,train.actor_entropy=3e-4)
	$(call TAKE_BACK,dreams,train.imag_last=0)
	$(call TAKE_BACK,one_rate,train.actor_lr=null train.critic_lr=null)
	$(call TAKE_BACK,anneal,train.anneal_steps=0)
	$(call TAKE_BACK,published,train.slow_rate=0.02 train.lam=0.95 train.replay_value_scale=0.3 replay.ends=0 train.rec_scale=1 \
	  train.actor_lr=null train.critic_lr=null,3 4 5 6 7 8 9)
	$(call CHANGE,entropy_0.003,train.actor_entropy=0.003)
	$(call CHANGE,entropy_0.001,train.actor_entropy=0.001)
	$(call CHANGE,ends_0.125,train.actor_entropy=0.003 replay.ends=0.125)
	$(call CHANGE,reconstruction_100,train.actor_entropy=0.003 train.rec_scale=100)
	$(subst 30000,60000,$(call CHANGE,ratio_12,train.actor_entropy=0.003 train.replay_ratio=12))
	$(BIN)/dreamer-bench train --seeds $$(seq 200 219) --out nbs/results/speedrun/every_5.json -- train.eval_every=5
	$(BIN)/dreamer-bench train --seeds $$(seq 200 211) --out nbs/results/speedrun/every_3.json -- train.eval_every=3
	$(BIN)/dreamer-bench train --seeds $$(seq 300 319) --out nbs/results/speedrun/again.json

scaling: $(VENV)/.dev  ## learners and collectors, here and on Ray: measured beside what a plan says (ten minutes)
	$(BIN)/python -m dreamer_nb.scaling --out nbs/results/scaling.json --seconds 12

bench: $(VENV)/.train  ## how long an update, an act, a sample and a start take
	$(BIN)/dreamer-bench learner --precision float32 bfloat16 --json nbs/results/learner.json
	$(BIN)/dreamer-bench policy --json nbs/results/policy.json
	$(BIN)/dreamer-bench replay --json nbs/results/replay.json
	$(BIN)/dreamer-bench start --json nbs/results/start.json
	$(BIN)/dreamer-bench collector --pairs 24 --json nbs/results/collector.json -- general.threads=1

SIZES ?= size1m size12m size50m size100m
LEARNER = $(BIN)/dreamer-bench learner --device cuda --threads 1 --size

gpu: $(VENV)/.dev  ## on a machine with CUDA: its tests, its times for four sizes, and a run on it (ten minutes)
	$(BIN)/pytest -q -m gpu
	for size in $(SIZES); do \
	  $(LEARNER) $$size --precision float32 bfloat16 --json nbs/results/gpu/$$size.json && \
	  $(LEARNER) $$size --precision bfloat16 --no-graphs --repeats 5 --json nbs/results/gpu/$${size}_in_order.json && \
	  $(LEARNER) $$size --plain --repeats 5 --json nbs/results/gpu/$${size}_plain.json || exit 1; done
	$(BIN)/dreamer-bench around --json nbs/results/gpu/around.json -- general.device=cuda
	$(BIN)/dreamer-bench around --json nbs/results/gpu/around_image.json -- env=cartpole_vision general.device=cuda
	$(BIN)/dreamer-bench train --seeds 0 1 2 --out nbs/results/gpu/cartpole.json -- general.device=cuda

worlds: $(VENV)/.worlds  ## the learning curves of the other worlds (hours)
	$(BIN)/dreamer-bench train --seeds 0 1 2 --out nbs/results/pendulum.json --runs runs/pendulum -- env=pendulum
	$(BIN)/dreamer-bench train --seeds 0 1 2 --out nbs/results/cartpole_vision.json --runs runs/vision -- env=cartpole_vision
	$(BIN)/dreamer-bench train --seeds 0 1 2 --out nbs/results/lunarlander.json --runs runs/lander -- env=lunarlander
	$(BIN)/dreamer-bench train --seeds 0 --out nbs/results/swingup.json --runs runs/swingup -- env=dmc_cpu

nano: $(VENV)/.train  ## the small trained model that ships with the package
	rm -rf build/nano
	$(BIN)/dreamer-train models.size=nano general.seed=1 general.run_dir=build/nano tracking.mlflow=false
	$(BIN)/python -c "from dreamer_nb.twin import ship; print(ship('build/nano'))"

film: $(VENV)/.train  ## the recording on the landing page
	$(BIN)/dreamer-play --film nbs/twin_play.gif --steps 75

zoo: $(VENV)/.train  ## the recorded runs of the bug zoo
	$(BIN)/python -m dreamer_nb.bugs nbs/results healthy acting_sees_otherwise free_nats_per_latent no_gradient scale_inert wrong_sign

promises: $(VENV)/.all  ## run every promised command, and write down what it printed (installs all extras)
	$(BIN)/python -m dreamer_nb.promises --out nbs/results/promises.json

docs: $(VENV)/.dev  ## render the site into _docs (needs the quarto program)
	@command -v quarto >/dev/null || { echo "quarto is not installed: see https://quarto.org"; exit 1; }
	$(BIN)/python -m dreamer_nb.devtools docs

dist: $(BIN)/python  ## wheel and sdist, checked, and the wheel tried outside of this checkout
	rm -rf dist build/dist && $(BIN)/python -m pip install -q build twine
	$(BIN)/python -m build -q && $(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/dist && build/dist/bin/python -m pip install -q -c constraints.txt dist/*.whl
	cd build/dist && bin/dreamer-train general.dry_run=true train.max_steps=2 && bin/dreamer-doctor --help > /dev/null

constraints:  ## pin again: install everything at its newest version and write constraints.txt
	rm -rf build/fresh && $(PYTHON) -m venv build/fresh
	build/fresh/bin/python -m pip install -q -e ".[dev,jupyter,suites,export,sweeps,tensorboard]"
	{ sed -n '/^#/p' constraints.txt; build/fresh/bin/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//'; } > build/pins
	mv build/pins constraints.txt && rm -rf build/fresh

clean:  ## remove the environment and everything built (runs stay)
	rm -rf $(VENV) build dist _docs _proc *.egg-info .pytest_cache .ruff_cache .hypothesis

# An installation is repeated only when one of these files changed.
INPUTS := settings.ini setup.py constraints.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "dreamer_nb needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.train: $(INPUTS) | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(INPUTS) | $(BIN)/python
	$(PIP) --no-compile -e ".[dev]"  # a module is compiled when it is first imported; most never are
	@touch $@ $(VENV)/.train

$(VENV)/.audit: $(INPUTS) | $(BIN)/python
	$(PIP) -e . bandit pip-audit
	@touch $@ $(VENV)/.train

$(VENV)/.worlds: $(INPUTS) | $(BIN)/python
	$(PIP) -e ".[box2d,dmc]"
	@touch $@ $(VENV)/.train

$(VENV)/.all: $(INPUTS) | $(BIN)/python
	$(PIP) -e ".[dev,suites,export,sweeps,tensorboard]"
	@touch $@ $(VENV)/.dev $(VENV)/.train

$(VENV)/.jupyter: $(INPUTS) | $(BIN)/python
	$(PIP) -e ".[dev,jupyter]"
	@touch $@ $(VENV)/.dev $(VENV)/.train
