"""The modules that check the presets of module kinds (torch, keras, flax)."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .comparison import Problem
from .libraries import SEED, need

Kind = str | dict[str, str]
"""The kind of all tensors of a module; or, for a module made of others, a kind for each pattern of tensor names."""


@dataclass
class Module:
    """A module that was built. Its label begins the names of all its tensors; patterns of a kind follow the label."""

    kind: Kind
    label: str
    tensors: dict[str, NDArray[Any]]
    class_name: str


def torch_modules() -> list[Module]:
    torch = need("torch")
    nn = torch.nn
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    normed, spectral = torch.nn.utils.parametrizations.weight_norm, torch.nn.utils.parametrizations.spectral_norm
    modules: list[tuple[Kind, str, Any]] = [
        ("linear", "linear1", nn.Linear(96, 160)),
        ("linear", "linear2", nn.Linear(7, 2000)),
        ("bilinear", "bilinear1", nn.Bilinear(40, 24, 30)),
        ("bilinear", "bilinear2", nn.Bilinear(5, 60, 700)),
        ("conv", "conv1d", nn.Conv1d(48, 200, 5)),
        ("conv", "conv2d", nn.Conv2d(24, 96, (3, 5))),
        ("conv", "conv3d", nn.Conv3d(8, 32, 3)),
        ("conv", "grouped", nn.Conv2d(96, 64, 3, groups=8)),
        ("conv", "depthwise", nn.Conv2d(400, 800, 5, groups=400)),
        ("conv_transpose", "up1d", nn.ConvTranspose1d(48, 200, 4)),
        ("conv_transpose", "up2d", nn.ConvTranspose2d(96, 24, (3, 4))),
        ("conv_transpose", "up3d", nn.ConvTranspose3d(16, 24, 3)),
        ("conv_transpose", "upgrouped", nn.ConvTranspose2d(64, 160, 3, groups=4)),
        ("linear", "weightnorm1", normed(nn.Linear(96, 160))),
        ("linear", "spectral1", spectral(nn.Linear(96, 160))),
        ("conv", "weightnorm2", normed(nn.Conv1d(48, 200, 5))),
        ("conv", "weightnorm3", normed(nn.Conv2d(24, 96, (3, 5)))),
        ("conv", "weightnorm4", normed(nn.Conv3d(8, 32, 3))),
        ("conv", "weightnorm5", torch.nn.utils.weight_norm(nn.Conv2d(24, 96, 3))),
        ("conv", "spectral2", spectral(nn.Conv2d(24, 96, (3, 5)))),
        ("conv", "spectral3", torch.nn.utils.spectral_norm(nn.Conv2d(24, 96, 3))),
        ("conv_transpose", "weightnorm6", normed(nn.ConvTranspose1d(48, 200, 4))),
        ("embedding", "embedding", nn.Embedding(500, 96)),
        ("embedding", "bag", nn.EmbeddingBag(300, 40)),
        ("norm", "batchnorm", nn.BatchNorm2d(64)),
        ("norm", "instancenorm", nn.InstanceNorm1d(48, affine=True, track_running_stats=True)),
        ("norm", "layernorm", nn.LayerNorm((12, 32))),
        ("norm", "groupnorm", nn.GroupNorm(8, 64)),
        ("norm", "rmsnorm", nn.RMSNorm(96)),
        ("rnn", "rnn", nn.RNN(40, 72, num_layers=2, bidirectional=True)),
        ("rnn", "rnncell", nn.RNNCell(24, 400)),
        ("gru", "gru", nn.GRU(40, 72, num_layers=2, bidirectional=True)),
        ("gru", "grucell", nn.GRUCell(24, 100)),
        ("lstm", "lstm", nn.LSTM(40, 72, num_layers=2, bidirectional=True)),
        ("lstm", "lstmproj", nn.LSTM(32, 96, num_layers=2, proj_size=40)),
        ("lstm", "lstmcell", nn.LSTMCell(24, 100)),
        ("attention", "attention1", nn.MultiheadAttention(96, 8)),
        ("attention", "attention2", nn.MultiheadAttention(640, 4, kdim=48, vdim=72, add_bias_kv=True)),
        ("prelu", "prelu", nn.PReLU(32)),
        (
            {"self_attn.*": "attention", "linear?.*": "linear", "norm?.*": "norm"},
            "encoderlayer",
            nn.TransformerEncoderLayer(96, 4, 224),
        ),
        (
            {"*_attn.*": "attention", "linear?.*": "linear", "norm?.*": "norm"},
            "decoderlayer",
            nn.TransformerDecoderLayer(64, 4, 160),
        ),
        ("transformer", "transformer", nn.Transformer(64, 4, 3, 2, 160)),
        (
            {
                "layers.0.self_attn.*": "attention",
                "layers.0.linear?.*": "linear",
                "*norm*": "norm",
                "layers.*": "layer_copy",
            },
            "encoder",
            nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 160), 3, nn.LayerNorm(64)),
        ),
    ]
    return [
        Module(kind, label, {f"{label}.{n}": v.detach().numpy() for n, v in m.state_dict().items()}, type(m).__name__)
        for kind, label, m in modules
    ]


def keras_modules() -> list[Module]:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = need("keras")
    from keras import layers as L

    version = tuple(map(int, keras.__version__.split(".")[:2]))
    attention = "attention" if version >= (3, 15) else "attention_to_3.14"

    def known(layer: Any, **arguments: Any) -> dict[str, Any]:
        """The arguments that this version of the library has."""
        return {n: v for n, v in arguments.items() if n in inspect.signature(layer.__init__).parameters}

    renorm = known(L.BatchNormalization, renorm=True)
    gate = known(L.MultiHeadAttention, use_gate=True)
    keras.utils.set_random_seed(SEED)
    modules: list[tuple[Kind, Any, list[tuple[int, ...]]]] = [
        ("linear", L.Dense(160, name="dense1"), [(2, 96)]),
        ("linear", L.Dense(1500, name="dense2"), [(2, 7)]),
        ("conv", L.Conv1D(120, 5, name="conv1d"), [(2, 20, 48)]),
        ("conv", L.Conv2D(96, (3, 5), name="conv2d"), [(2, 16, 16, 24)]),
        ("conv", L.Conv3D(32, 3, name="conv3d"), [(2, 8, 8, 8, 8)]),
        ("conv", L.Conv2D(64, 3, groups=8, name="grouped"), [(2, 16, 16, 96)]),
        ("conv", L.SeparableConv1D(80, 5, depth_multiplier=12, name="separable1d"), [(2, 20, 96)]),
        ("conv", L.SeparableConv2D(60, 3, depth_multiplier=8, name="separable2d"), [(2, 16, 16, 48)]),
        ("conv_transpose", L.Conv1DTranspose(120, 4, name="up1d"), [(2, 20, 48)]),
        ("conv_transpose", L.Conv2DTranspose(24, (3, 4), name="up2d"), [(2, 16, 16, 96)]),
        ("conv_transpose", L.Conv3DTranspose(24, 3, name="up3d"), [(2, 8, 8, 8, 8)]),
        ("depthwise_conv", L.DepthwiseConv1D(7, depth_multiplier=4, name="depthwise1d"), [(2, 20, 200)]),
        ("depthwise_conv", L.DepthwiseConv2D(5, name="depthwise2d"), [(2, 16, 16, 300)]),
        ("embedding", L.Embedding(500, 96, mask_zero=True, name="embedding"), [(2, 8)]),
        ("norm", L.BatchNormalization(name="batchnorm"), [(2, 8, 64)]),
        ("norm", L.BatchNormalization(**renorm, name="renorm"), [(2, 8, 64)]),
        ("norm", L.LayerNormalization(axis=(1, 2), name="layernorm"), [(2, 12, 32)]),
        ("norm", L.GroupNormalization(8, name="groupnorm"), [(2, 8, 64)]),
        ("rnn", L.SimpleRNN(120, name="rnn"), [(2, 9, 40)]),
        ("rnn", L.SimpleRNNCell(100, name="rnncell"), [(2, 56)]),
        ("gru", L.GRU(72, name="gru"), [(2, 9, 40)]),
        ("gru", L.GRU(60, reset_after=False, name="grubefore"), [(2, 9, 56)]),
        ("gru", L.GRUCell(80, name="grucell"), [(2, 40)]),
        ("lstm", L.LSTM(72, name="lstm"), [(2, 9, 40)]),
        ("lstm", L.Bidirectional(L.LSTM(48), name="bidirectional"), [(2, 9, 64)]),
        ("lstm", L.ConvLSTM2D(24, 3, name="convlstm"), [(2, 5, 16, 16, 12)]),
        (attention, L.MultiHeadAttention(6, 20, name="attention1"), [(2, 9, 96), (2, 9, 96)]),
        (
            attention,
            L.MultiHeadAttention(3, 40, value_dim=56, output_shape=72, **gate, name="attention2"),
            [(2, 9, 64), (2, 9, 48), (2, 9, 80)],
        ),
        (attention, L.GroupQueryAttention(24, 8, 2, name="grouped_attention"), [(2, 9, 160), (2, 9, 160)]),
        ("prelu", L.PReLU(name="prelu"), [(2, 40)]),
    ]
    if hasattr(L, "ReversibleEmbedding"):
        reversible = L.ReversibleEmbedding(300, 40, tie_weights=False, name="reversible")
        modules.append(("embedding", reversible, [(2, 8)]))
    if hasattr(L, "RMSNormalization"):
        modules.append(("norm", L.RMSNormalization(name="rmsnorm"), [(2, 96)]))
    found = []
    for i, (kind, layer, shapes) in enumerate(modules):
        layer.build(*shapes)
        # Every second layer's paths are written with dots.
        tensors = {w.path.replace("/", "/."[i % 2]): keras.ops.convert_to_numpy(w.value) for w in layer.weights}
        if len(tensors) != len(layer.weights):
            raise Problem(f"{layer.name}: two weights have one path")
        found.append(Module(kind, layer.name, tensors, type(layer).__name__))
    return found


def flax_modules() -> list[Module]:
    jax = need("jax")
    need("flax")
    import jax.numpy as jnp
    from flax import linen, nnx
    from flax.traverse_util import flatten_dict

    def x(*shape: int) -> Any:
        return jnp.zeros(shape, jnp.float32)

    def pair(*shape: int) -> tuple[Any, Any]:
        return x(*shape), x(*shape)

    modules: list[tuple[Kind, str, Any, list[Any]]] = [
        ("linear", "dense1", linen.Dense(160), [x(2, 96)]),
        ("linear", "dense2", linen.Dense(1500), [x(2, 7)]),
        ("conv", "conv1", linen.Conv(120, (5,)), [x(2, 20, 48)]),
        ("conv", "conv2", linen.Conv(96, (3, 5)), [x(2, 16, 16, 24)]),
        ("conv", "grouped", linen.Conv(192, (3, 3), feature_group_count=8), [x(2, 16, 16, 96)]),
        ("conv", "depthwise", linen.Conv(800, (5, 5), feature_group_count=400), [x(2, 8, 8, 400)]),
        ("conv", "local", linen.ConvLocal(40, (3,)), [x(2, 12, 10)]),
        ("conv", "convlstm", linen.ConvLSTMCell(24, (3, 3)), [pair(2, 8, 8, 24), x(2, 8, 8, 12)]),
        ("conv_transpose", "up1", linen.ConvTranspose(24, (3, 4)), [x(2, 8, 8, 96)]),
        ("conv_transpose", "up2", linen.ConvTranspose(24, (3, 4), transpose_kernel=True), [x(2, 8, 8, 96)]),
        ("embedding", "embed", linen.Embed(500, 96), [jnp.zeros((2, 8), jnp.int32)]),
        ("norm", "batchnorm", linen.BatchNorm(use_running_average=False), [x(2, 64)]),
        ("norm", "layernorm", linen.LayerNorm(), [x(2, 96)]),
        ("norm", "groupnorm", linen.GroupNorm(8), [x(2, 9, 64)]),
        ("norm", "instancenorm", linen.InstanceNorm(), [x(2, 9, 64)]),
        ("norm", "rmsnorm", linen.RMSNorm(), [x(2, 96)]),
        ("rnn", "simple", linen.SimpleCell(150), [x(2, 150), x(2, 140)]),
        ("gru", "gru", linen.GRUCell(100), [x(2, 100), x(2, 80)]),
        ("gru", "mgu", linen.MGUCell(64), [x(2, 64), x(2, 56)]),
        ("lstm", "lstm", linen.LSTMCell(72), [pair(2, 72), x(2, 40)]),
        ("lstm", "optimized", linen.OptimizedLSTMCell(48), [pair(2, 48), x(2, 64)]),
        ("attention", "attention1", linen.MultiHeadDotProductAttention(6, qkv_features=120), [x(2, 9, 96)]),
        (
            "attention",
            "attention2",
            linen.MultiHeadDotProductAttention(3, qkv_features=96, out_features=72, normalize_qk=True),
            [x(2, 9, 64), x(2, 9, 48)],
        ),
        ("attention", "attention3", linen.MultiHeadAttention(8, qkv_features=64), [x(2, 9, 160)]),
        ("prelu", "prelu", linen.PReLU(), [x(2, 8)]),
    ]
    found = []
    for i, (kind, label, module, inputs) in enumerate(modules):
        variables = module.init(jax.random.key(SEED + i), *inputs)
        tensors = {f"linen/{label}/{k}": np.asarray(v) for k, v in flatten_dict(variables, sep="/").items()}
        found.append(Module(kind, f"linen/{label}", tensors, f"linen.{type(module).__name__}"))
    r = nnx.Rngs(SEED)
    nnx_modules: list[tuple[Kind, str, Any]] = [
        ("linear", "linear1", nnx.Linear(96, 160, rngs=r)),
        ("linear", "linear2", nnx.Linear(7, 1500, rngs=r)),
        ("conv", "conv1", nnx.Conv(48, 120, (5,), rngs=r)),
        ("conv", "conv3", nnx.Conv(8, 32, (3, 3, 3), rngs=r)),
        ("conv", "grouped", nnx.Conv(96, 192, (3, 3), feature_group_count=8, rngs=r)),
        ("conv_transpose", "up1", nnx.ConvTranspose(96, 24, (3, 4), rngs=r)),
        ("conv_transpose", "up2", nnx.ConvTranspose(96, 24, (3, 4), transpose_kernel=True, rngs=r)),
        ("embedding", "embed", nnx.Embed(300, 40, rngs=r)),
        ("norm", "batchnorm", nnx.BatchNorm(64, rngs=r)),
        ("norm", "layernorm", nnx.LayerNorm(96, rngs=r)),
        ("norm", "groupnorm", nnx.GroupNorm(64, 8, rngs=r)),
        ("norm", "instancenorm", nnx.InstanceNorm(64, rngs=r)),
        ("norm", "rmsnorm", nnx.RMSNorm(96, rngs=r)),
        ("rnn", "simple", nnx.SimpleCell(40, 120, rngs=r)),
        ("gru", "gru", nnx.GRUCell(100, 80, rngs=r)),
        ("lstm", "lstm", nnx.LSTMCell(160, 140, rngs=r)),
        ("lstm", "optimized", nnx.OptimizedLSTMCell(40, 72, rngs=r)),
        ("attention", "attention1", nnx.MultiHeadAttention(6, 96, 120, decode=False, rngs=r)),
        (
            "attention",
            "attention2",
            nnx.MultiHeadAttention(3, 64, 96, 72, in_kv_features=48, normalize_qk=True, decode=False, rngs=r),
        ),
        ("prelu", "prelu", nnx.PReLU()),
    ]
    for kind, label, module in nnx_modules:
        state = nnx.to_pure_dict(nnx.state(module, (nnx.Param, nnx.BatchStat)))
        tensors = {f"nnx.{label}." + ".".join(map(str, k)): np.asarray(v) for k, v in flatten_dict(state).items()}
        found.append(Module(kind, f"nnx.{label}", tensors, f"nnx.{type(module).__name__}"))
    return found


LIBRARIES: dict[str, Callable[[], list[Module]]] = {
    "torch": torch_modules,
    "keras": keras_modules,
    "flax": flax_modules,
}
"""For each library, by the name of its distribution and of its preset, the function that builds the modules."""
