"""Training: accepted clips in, a checkpoint out; repeatable, and resumable where it was killed.

Two runs on one machine with the same clips, config and thread count give the same bytes. The
last epoch's weights and the optimiser's state lie in ``progress.safetensors`` in the given folder;
a run that finds them there goes on after that epoch and ends as if it had never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from models.temporal.checkpoint import (
    Card,
    Checkpoint,
    load_checkpoint,
    read_tensors,
    save_checkpoint,
    write_tensors,
)
from models.temporal.dataset import (
    Batches,
    LabelledClip,
    check_clips,
    data_hash,
    split_by_source,
)
from models.temporal.evaluate import Evaluation
from models.temporal.infer import NetModel, device_of_choice, threads
from models.temporal.losses import Balance, Targets, total_loss
from models.temporal.measuring import evaluate_model
from models.temporal.network import TemporalNet
from models.temporal.settings import TrainConfig
from models.temporal.tracks import tracks_of
from services.domain.canonical import content_hash
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy

PROGRESS = "progress.safetensors"
BEST = "best.safetensors"
MODEL = "model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training gave.

    Parameters
    ----------
    path : Path
        The checkpoint.
    checkpoint : Checkpoint
        It, read back.
    evaluation : Evaluation
        On the held-out clips, which chose the epoch: a model is judged by others
        (:func:`models.temporal.measuring.unseen_by`).
    n_epochs : int
        Epochs run, of which ``best_epoch`` is kept.
    """

    path: Path
    checkpoint: Checkpoint
    evaluation: Evaluation
    n_epochs: int
    best_epoch: int


@dataclass(slots=True)
class _State:
    """Where a training stands."""

    epoch: int = 0  # epochs done
    best_epoch: int = 0
    best: float = -1.0


Ticker = Callable[[int, float, Evaluation], None]


def train(
    clips: Sequence[LabelledClip],
    taxonomy: Taxonomy,
    config: TrainConfig,
    folder: Path,
    *,
    held_out: Sequence[str] = (),
    tick: Ticker | None = None,
    device: torch.device | None = None,
) -> Trained:
    """Train a model on accepted clips.

    Parameters
    ----------
    clips : sequence of LabelledClip
        Of one extractor.
    taxonomy : Taxonomy
        Whose labels the truths use.
    config : TrainConfig
        How.
    folder : Path
        Where the progress is kept and ``model.safetensors`` comes to lie.
    held_out : sequence of str
        Sources to choose the epoch by; by default a seeded share of them.
    tick : callable, optional
        Called after each epoch with its number, training loss and held-out evaluation.
    device : torch.device, optional
        Where to train; the GPU when there is one.

    Raises
    ------
    InputError
        With too few clips or sources (code ``too_few_clips``), or where the folder holds the
        progress of another training (code ``other_training``).
    """
    folder.mkdir(parents=True, exist_ok=True)
    extractor, dim = check_clips(clips)
    if held_out:
        learnt = [clip for clip in clips if clip.source not in held_out]
        kept = [clip for clip in clips if clip.source in held_out]
        if not learnt or not kept:
            raise InputError("Both sides of the split need clips.", code="too_few_clips")
    else:
        learnt, kept = split_by_source(clips, share=config.held_out_share, seed=config.seed)
    card = Card(
        network=config.network,
        extractor=extractor,
        dim=dim,
        taxonomy=taxonomy,
        training=config.as_json() | {"n_train": len(learnt), "torch": torch.__version__},
        data_hash=data_hash(learnt, kept),
        metrics={},
        trained_on=tuple(sorted({clip.source for clip in learnt})),
        held_out=tuple(sorted({clip.source for clip in kept})),
    )
    with _repeatable(), threads(config.n_threads):
        return _Training(card, config, learnt, kept, folder, device).run(tick)


class _Training:
    """One run."""

    def __init__(
        self,
        card: Card,
        config: TrainConfig,
        learnt: Sequence[LabelledClip],
        kept: Sequence[LabelledClip],
        folder: Path,
        device: torch.device | None,
    ) -> None:
        self.card, self.config, self.kept, self.folder = card, config, kept, folder
        self.device = device or device_of_choice()
        self.batches = Batches(
            learnt,
            tracks_of(card.taxonomy),
            rate_hz=config.network.rate_hz,
            sigma=config.sigma,
            window=config.window,
            size=config.batch_size,
            least=config.least_batches,
        )
        torch.manual_seed(config.seed)
        self.net: TemporalNet = card.build()
        mean, scale = self.batches.statistics()
        self.net.mean.copy_(mean)
        self.net.scale.copy_(scale)
        self.net.to(self.device)
        found = self.batches.balance()
        self.balance = Balance(
            tuple(weights.to(self.device) for weights in found.classes), found.boundary
        )
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.state = _State()
        self.identity = content_hash(card.as_json())

    def run(self, tick: Ticker | None) -> Trained:
        self._resume()
        while not self._is_over():
            loss = self._epoch()
            self.state.epoch += 1
            evaluation = self._evaluate(self.net)
            if evaluation.selection > self.state.best:
                self.state.best, self.state.best_epoch = evaluation.selection, self.state.epoch
                save_checkpoint(self.folder / BEST, self.net, self.card)
            self._save_progress()
            if tick is not None:
                tick(self.state.epoch, loss, evaluation)
        return self._finish()

    def _is_over(self) -> bool:
        state, config = self.state, self.config
        return state.epoch >= config.n_epochs or state.epoch - state.best_epoch >= config.patience

    def _epoch(self) -> float:
        config, state = self.config, self.state
        # Falls along half a cosine, so that the last epochs settle the boundaries.
        fallen = 0.5 * (1 + math.cos(math.pi * state.epoch / config.n_epochs))
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate * fallen
        # So that an epoch's dropout does not depend on whether the run was resumed before it.
        torch.manual_seed(config.seed * 1_000_003 + state.epoch + 1)
        self.net.train()
        total, count = 0.0, 0
        for batch in self.batches.epoch(state.epoch, seed=config.seed):
            targets = Targets(
                batch.targets.classes.to(self.device),
                batch.targets.boundaries.to(self.device),
                batch.targets.mask.to(self.device),
            )
            outputs = self.net(batch.features.to(self.device), targets.mask)
            loss = total_loss(outputs, targets, self.balance)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), config.clip_norm)
            self.optimizer.step()
            total, count = total + float(loss.detach()), count + 1
        return total / count

    def _evaluate(self, net: TemporalNet) -> Evaluation:
        model = NetModel(Checkpoint(net=net, card=self.card, sha256="0" * 64), device=self.device)
        return evaluate_model(model, self.kept)

    def _finish(self) -> Trained:
        best = load_checkpoint(self.folder / BEST)
        evaluation = self._evaluate(best.net)
        card = replace(self.card, metrics={"on": "validation", **evaluation.as_json()})
        path = self.folder / MODEL
        save_checkpoint(path, best.net, card)
        for name in (PROGRESS, BEST):
            (self.folder / name).unlink(missing_ok=True)
        return Trained(
            path=path,
            checkpoint=load_checkpoint(path),
            evaluation=evaluation,
            n_epochs=self.state.epoch,
            best_epoch=self.state.best_epoch,
        )

    def _save_progress(self) -> None:
        tensors: dict[str, Tensor] = {
            f"net.{name}": tensor for name, tensor in self.net.state_dict().items()
        }
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{name}": tensor for name, tensor in moments.items()}
        header = {"identity": self.identity, **asdict(self.state)}
        write_tensors(self.folder / PROGRESS, tensors, header)

    def _resume(self) -> None:
        path = self.folder / PROGRESS
        if not path.is_file():
            return
        tensors, header = read_tensors(path)
        if header.pop("identity", None) != self.identity:
            raise InputError(
                f"{path} is the progress of a training with other clips, labels or settings. "
                "Name an empty folder.",
                code="other_training",
            )
        self.state = _State(**header)
        nets = {name[4:]: one for name, one in tensors.items() if name.startswith("net.")}
        self.net.load_state_dict(nets)
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("adam."):
                _, number, moment = name.split(".")
                moments.setdefault(int(number), {})[moment] = tensor
        held = self.optimizer.state_dict()
        self.optimizer.load_state_dict(held | {"state": moments})


@contextmanager
def _repeatable() -> Iterator[None]:
    """Let nothing depend on chance but the seed, and leave the process as it was."""
    before = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng():
        torch.use_deterministic_algorithms(mode=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(mode=before)
