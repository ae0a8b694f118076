#!/usr/bin/env python3
"""Checks the presets against the libraries whose initialization they record.

For each preset the architectures are built in the real library (random initialization, fixed seed), their state
dicts are written as .safetensors, and the command under test says which law its preset gives each tensor:

    CMD create m --preset NAME --like FILE --seed 1 --recipe-only --registry R
    CMD show m --json --registry R

Every entry of the state dict must be there with its shape and dtype. Constants are compared element by element,
tied tensors with the tensor they name; of random laws the mean, the standard deviation and, where there are enough
elements, the fourth moment must lie within --sigma (5) standard errors, and no element outside the bounds.
Small tensors of the same law are pooled within an architecture as well. Random laws must not meet constant data,
a constant row, exact zeros, or a tensor equal to another one.
A library that is missing is named, and its presets count as not checked. The exit status is 1 unless all are green.

    check_presets.py --command winit-registry [--only gpt2 bert] [--table FILE] [--verbose]
"""
import argparse
import importlib.metadata
import json
import math
import os
import shlex
import subprocess
import sys
import tempfile
import zlib

import numpy as np

SEED = 20240229
SMALL = 1000  # tensors with fewer elements are pooled
FEW = 200  # below this the sampling law of the standard deviation is not normal enough for a test
MANY = 20000  # from here on the fourth moment is tested too
FAR = 8.0  # a cut this many sigma out is never reached by the law itself
CHUNK = 1 << 22


# --- the libraries -------------------------------------------------------------------------------------------------

KEPT = []  # operator declarations live as long as their library object


class Missing(Exception):
    """A library (or what it needs) is not installed."""


def need(name):
    """Imports a library; torchvision first, as transformers and timm import it in their turn."""
    import importlib
    try:
        if name in ("transformers", "timm", "torchvision"):
            load_torchvision()
        return importlib.import_module(name)
    except ImportError as e:
        raise Missing(f"{name}: {e}") from e


def load_torchvision():
    """Compiled operators of a torchvision built for another torch do not load; models need their declaration only."""
    import torch
    try:
        import torchvision  # noqa: F401
    except RuntimeError as e:
        if "does not exist" not in str(e):
            raise
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        lib = torch.library.Library("torchvision", "DEF")
        for op in ("nms", "qnms"):
            lib.define(f"{op}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(lib)
        import torchvision  # noqa: F401
    except ImportError:
        pass


# --- the architectures ---------------------------------------------------------------------------------------------
# Each entry: (label, function that builds the initialized module). Sizes are moderate, depths uneven to the defaults.

def gpt2():
    t = need("transformers")
    size = dict(vocab_size=2000, n_positions=256, n_embd=128, n_layer=5, n_head=4)
    return [
        ("GPT2LMHeadModel, as it ships", lambda: t.GPT2LMHeadModel(t.GPT2Config())),
        ("GPT2LMHeadModel, 5 layers", lambda: t.GPT2LMHeadModel(t.GPT2Config(**size))),
        ("GPT2Model, 5 layers, cross-attention",
         lambda: t.GPT2Model(t.GPT2Config(**size, add_cross_attention=True))),
    ]


def bert():
    t = need("transformers")
    config = lambda: t.BertConfig(vocab_size=2000, hidden_size=128, num_hidden_layers=3, num_attention_heads=4,
                                  intermediate_size=320)
    return [
        ("BertModel, as it ships", lambda: t.BertModel(t.BertConfig())),
        ("BertModel, 3 layers", lambda: t.BertModel(config())),
        ("BertForPreTraining, 3 layers", lambda: t.BertForPreTraining(config())),
    ]


def llama():
    t = need("transformers")
    size = dict(vocab_size=2000, hidden_size=128, intermediate_size=352, num_hidden_layers=3, num_attention_heads=8,
                num_key_value_heads=2)
    return [
        ("LlamaForCausalLM, 3 layers, grouped queries", lambda: t.LlamaForCausalLM(t.LlamaConfig(**size))),
        ("LlamaModel, 3 layers, biases",
         lambda: t.LlamaModel(t.LlamaConfig(**size, attention_bias=True, mlp_bias=True))),
    ]


def llama_torchtitan():
    need("torchtitan")
    try:
        from torchtitan.models.llama3 import llama3_configs
    except ImportError as e:
        raise Missing(f"torchtitan: {e}") from e

    def build():
        model = llama3_configs["debugmodel"](attn_backend="flex").build()
        model.init_states()
        return model
    return [("llama3 debugmodel, 6 layers", build)]


def t5():
    t = need("transformers")
    size = dict(vocab_size=2000, d_model=192, d_kv=64, d_ff=448, num_layers=3, num_heads=4)
    v11 = dict(size, num_heads=6, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    return [
        ("T5ForConditionalGeneration, 3 layers", lambda: t.T5ForConditionalGeneration(t.T5Config(**size))),
        ("T5ForConditionalGeneration v1.1, gated, 3 layers", lambda: t.T5ForConditionalGeneration(t.T5Config(**v11))),
        ("T5EncoderModel, 3 layers", lambda: t.T5EncoderModel(t.T5Config(**size))),
    ]


def vit_timm():
    need("timm")
    from timm.layers import SwiGLU
    from timm.models.vision_transformer import VisionTransformer
    size = dict(img_size=64, patch_size=8, embed_dim=192, depth=3, num_heads=3, num_classes=100)
    wide = dict(size, embed_dim=1152, depth=1, num_heads=16, mlp_ratio=1)  # the latent has no more elements than this
    return [
        ("VisionTransformer, 3 blocks", lambda: VisionTransformer(**size)),
        ("VisionTransformer as DINOv2 (LayerScale 1e-5, registers)",
         lambda: VisionTransformer(**size, init_values=1e-5, reg_tokens=4)),
        ("VisionTransformer as SigLIP (1152 wide, attention pooling)",
         lambda: VisionTransformer(**wide, class_token=False, global_pool="map")),
        ("VisionTransformer, SwiGLU, q/k norm, average pooling",
         lambda: VisionTransformer(**size, mlp_layer=SwiGLU, qk_norm=True, global_pool="avg", pre_norm=True)),
    ]


def resnet_torchvision():
    need("torchvision")
    from torchvision.models import resnet
    B = resnet.Bottleneck
    return [
        ("resnet50", lambda: resnet.resnet50()),
        ("resnet18", lambda: resnet.resnet18()),
        ("ResNet(Bottleneck, 1-2-1-1)", lambda: resnet.ResNet(B, [1, 2, 1, 1])),
        ("ResNeXt(Bottleneck, 1-1-1-1, 32x4d)",
         lambda: resnet.ResNet(B, [1, 1, 1, 1], groups=32, width_per_group=4)),
    ]


def resnet_timm():
    need("timm")
    from timm.models.resnet import BasicBlock, Bottleneck, ResNet
    return [
        ("resnet18", lambda: need("timm").create_model("resnet18")),
        ("ResNet(Bottleneck, 1-2-1-1, SE, deep stem)",
         lambda: ResNet(Bottleneck, [1, 2, 1, 1], block_args=dict(attn_layer="se"), stem_type="deep", stem_width=32,
                        avg_down=True)),
        ("ResNet(Bottleneck, 1-1-1-1, ECA, 32x4d)",
         lambda: ResNet(Bottleneck, [1, 1, 1, 1], cardinality=32, base_width=4, block_args=dict(attn_layer="eca"))),
        ("ResNet(BasicBlock, 1-1-1-1, SE)",
         lambda: ResNet(BasicBlock, [1, 1, 1, 1], block_args=dict(attn_layer="se"))),
    ]


def vgg_torchvision():
    need("torchvision")
    from torchvision.models import vgg
    return [("vgg11", lambda: vgg.vgg11()), ("vgg11_bn", lambda: vgg.vgg11_bn())]


def convnext_timm():
    make = need("timm").create_model
    return [(n, lambda n=n: make(n)) for n in ("convnext_atto", "convnextv2_atto", "convnext_tiny")]


def efficientnet_timm():
    make = need("timm").create_model
    names = ("efficientnet_b0", "efficientnet_b0_g8_gn", "efficientnetv2_rw_t", "mixnet_s")
    return [(n, lambda n=n: make(n)) for n in names]


def efficientnet_torchvision():
    need("torchvision")
    from torchvision.models import efficientnet
    return [("efficientnet_b0", lambda: efficientnet.efficientnet_b0()),
            ("efficientnet_v2_s", lambda: efficientnet.efficientnet_v2_s())]


PRESETS = {  # name: (distribution that provides the version, function that gives the architectures)
    "gpt2": ("transformers", gpt2),
    "bert": ("transformers", bert),
    "llama": ("transformers", llama),
    "llama-torchtitan": ("torchtitan", llama_torchtitan),
    "t5": ("transformers", t5),
    "vit-timm": ("timm", vit_timm),
    "resnet-torchvision": ("torchvision", resnet_torchvision),
    "resnet-timm": ("timm", resnet_timm),
    "vgg-torchvision": ("torchvision", vgg_torchvision),
    "convnext-timm": ("timm", convnext_timm),
    "efficientnet-timm": ("timm", efficientnet_timm),
    "efficientnet-torchvision": ("torchvision", efficientnet_torchvision),
}


def write_model(build, path):
    """Builds a module with a fixed seed, writes its whole state dict, shared tensors as copies of their own."""
    import random
    import torch
    from safetensors.torch import save_file
    torch.set_num_threads(1)
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    state = {k: v.detach().clone().contiguous() for k, v in build().state_dict().items()
             if isinstance(v, torch.Tensor)}
    save_file(state, path)


# --- the laws ------------------------------------------------------------------------------------------------------

class Problem(Exception):
    """The command's answer cannot be read."""


def phi(x):
    return 0.0 if math.isinf(x) else math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def truncated_moments(alpha, beta):
    """E[x], and E[(x - E[x])^k] for k = 2, 4, 8, of the standard normal cut at alpha and beta."""
    z = cdf(beta) - cdf(alpha)
    edge = lambda x, k: 0.0 if math.isinf(x) else x ** (k - 1) * phi(x)
    raw = [1.0]
    for k in range(1, 9):
        raw.append(((k - 1) * raw[k - 2] if k > 1 else 0.0) - (edge(beta, k) - edge(alpha, k)) / z)
    m = raw[1]
    central = lambda n: sum(math.comb(n, k) * raw[k] * (-m) ** (n - k) for k in range(n + 1))
    return m, central(2), central(4), central(8)


class Law:
    """A random law: mean, sd, kurtosis, standardized eighth moment, bounds (low, high)."""

    def __init__(self, d):
        kind = d["law"]
        self.low, self.high, self.far = -math.inf, math.inf, d.get("far", [])
        if kind == "normal":
            self.mean, self.sd, self.m4, self.m8 = float(d.get("mean", 0)), float(d["std"]), 3.0, 105.0
        elif kind == "uniform":
            self.low, self.high = float(d["low"]), float(d["high"])
            self.mean, self.sd = (self.low + self.high) / 2, (self.high - self.low) / math.sqrt(12)
            self.m4, self.m8 = 1.8, 9.0
            if "half" in d and not math.isclose(d["half"], (self.high - self.low) / 2, rel_tol=1e-6):
                raise Problem(f"uniform: half {d['half']} and bounds {self.low}, {self.high} disagree")
        elif kind == "truncated_normal":
            # Cuts are in standard deviations, of the normal before the cut; alpha and beta are its distribution there.
            alpha, beta, mu, sigma = (float(d[key]) for key in ("low", "high", "mean", "std"))
            for key, cut in (("alpha", alpha), ("beta", beta)):
                if not math.isclose(d[key], cdf(cut), rel_tol=1e-9):
                    raise Problem(f"truncated_normal: {key} {d[key]} is not that of the cut {cut}")
            self.low, self.high = mu + alpha * sigma, mu + beta * sigma
            shift, m2, m4, m8 = truncated_moments(alpha, beta)
            self.mean, self.sd, self.m4, self.m8 = mu + sigma * shift, sigma * math.sqrt(m2), m4 / m2**2, m8 / m2**4
        else:
            raise Problem(f"unknown law {kind}")
        if not self.sd > 0:
            raise Problem(f"{kind}: standard deviation {self.sd}")
        self.key = json.dumps(d, sort_keys=True)
        self.shape_key = f"{self.m4:.6f} {self.m8:.4f}"  # the same for laws that differ in mean and scale only


class Sums:
    """Sums of powers of standardized values: mergeable, so that tensors can be pooled."""

    def __init__(self, law):
        self.law, self.n, self.s1, self.s2, self.s4 = law, 0, 0.0, 0.0, 0.0

    def add(self, flat):
        for i in range(0, flat.size, CHUNK):
            z = (flat[i:i + CHUNK].astype(np.float64) - self.law.mean) / self.law.sd
            q = z * z
            self.n, self.s1, self.s2 = self.n + z.size, self.s1 + float(z.sum()), self.s2 + float(q.sum())
            self.s4 += float(np.dot(q, q))
        return self

    def merge(self, other):
        self.n, self.s1, self.s2, self.s4 = (self.n + other.n, self.s1 + other.s1, self.s2 + other.s2,
                                             self.s4 + other.s4)

    def faults(self, sigma):
        """Deviations beyond sigma standard errors, in words."""
        n, law, out = self.n, self.law, []
        z = self.s1 / n * math.sqrt(n)
        if not abs(z) <= sigma:
            out.append(f"mean off by {z:.1f} standard errors (law {law.mean:.6g}, data "
                       f"{law.mean + law.sd * self.s1 / n:.6g}, {n} elements)")
        if n >= FEW:
            z = (math.sqrt(self.s2 / n) - 1) / math.sqrt((law.m4 - 1) / (4 * n))
            if not abs(z) <= sigma:
                out.append(f"standard deviation off by {z:.1f} standard errors (law {law.sd:.6g}, data "
                           f"{law.sd * math.sqrt(self.s2 / n):.6g}, {n} elements)")
        if n >= MANY:
            z = (self.s4 / n - law.m4) / math.sqrt((law.m8 - law.m4**2) / n)
            if not abs(z) <= sigma:
                out.append(f"fourth moment off by {z:.1f} standard errors (law {law.m4:.4f}, data "
                           f"{self.s4 / n:.4f}, {n} elements)")
        return out


# --- the comparison ------------------------------------------------------------------------------------------------

SPELLINGS = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
             "int16": "I16", "int8": "I8", "uint8": "U8", "double": "F64", "float": "F32", "half": "F16"}


def dtype_name(text):
    text = text.split(".")[-1]
    return SPELLINGS.get(text.lower(), text.upper())


class Comparison:
    """All tensors of one state dict against the laws of one answer."""

    def __init__(self, path, answer, sigma):
        from safetensors import safe_open
        self.file, self.sigma, self.faults = safe_open(path, "np"), sigma, []
        self.pools, self.shape_pools, self.kinds, self.seen, self.clamped = {}, {}, {}, {}, 0
        names = set(self.file.keys())
        laws = {}
        for t in answer["tensors"]:
            if t["name"] in laws:
                self.fault(t["name"], "given twice")
            laws[t["name"]] = t
        for name in sorted(names - set(laws)):
            self.fault(name, "missing from the answer")
        for name in sorted(set(laws) - names):
            self.fault(name, "in the answer, not in the state dict")
        for name in sorted(names & set(laws)):
            try:
                self.tensor(name, laws[name])
            except (Problem, KeyError, TypeError, ValueError) as e:
                self.fault(name, f"{type(e).__name__}: {e}")
        for pools, what in ((self.pools, "tensors of one law"), (self.shape_pools, "small tensors, standardized")):
            for members, sums in pools.values():
                if len(members) > 1:
                    for f in sums.faults(sigma):
                        self.fault(members[0], f"pooled ({len(members)} {what}): {f}")
        self.count = len(names)

    def fault(self, name, text):
        self.faults.append(f"{name}: {text}")

    def data(self, name):
        return self.file.get_tensor(name)

    def tensor(self, name, t):
        part = self.file.get_slice(name)
        shape, dtype = list(part.get_shape()), dtype_name(part.get_dtype())
        if list(t["shape"]) != shape:
            self.fault(name, f"shape {t['shape']}, in the state dict {shape}")
        if dtype_name(t["dtype"]) != dtype:
            self.fault(name, f"dtype {t['dtype']}, in the state dict {dtype}")
        law = t["law"]
        init = t.get("init", {})
        if init.get("scheme") == "torch.trunc_normal" and law["law"] == "normal":
            # The scheme's cuts are so far out that they cut nothing.
            law = {**law, "far": [init.get("a", -2), init.get("b", 2)]}
        kind = law["law"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "literal":
            return
        data = self.data(name)
        if kind == "same_as":
            if law["name"] == name or law["name"] not in self.file.keys():
                self.fault(name, f"same_as {law['name']}, which is no other tensor of the state dict")
            elif not np.array_equal(data, self.data(law["name"])):
                self.fault(name, f"differs from {law['name']}, to which the law ties it")
        elif kind == "orthogonal":
            matrix = data.reshape(int(law["rows"]), -1).astype(np.float64)
            gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
            if np.abs(gram - law["gain"] ** 2 * np.eye(len(gram))).max() > 1e-4 * law["gain"] ** 2:
                self.fault(name, f"not orthogonal as {matrix.shape[0]} rows with gain {law['gain']}")
        elif kind == "parts":
            owner = np.zeros(data.shape, np.int16)
            for i, p in enumerate(law["parts"]):
                box = tuple(slice(int(a), int(b)) for a, b in p["box"])
                if any(not 0 <= s.start <= s.stop <= n for s, n in zip(box, data.shape)) or len(box) > data.ndim:
                    self.fault(name, f"box {p['box']} outside shape {shape}")
                owner[box] = i
            inner = [[slice(int(a), int(b)) for a, b in p["box"]] for p in law["parts"][1:]]
            self.rows(name, data, [b[0] for b in inner if b])
            if law["parts"][0]["box"] not in ([], [[0, n] for n in shape]):
                self.fault(name, f"base box {law['parts'][0]['box']} is not the whole tensor {shape}")
            for i, p in enumerate(law["parts"]):
                self.region(f"{name} part {i}", p["law"], data[owner == i])
        else:
            if kind != "constant":
                self.rows(name, data, [])
                twin = self.seen.setdefault((data.shape, zlib.crc32(data.tobytes())), name)
                if twin != name and data.size > 1 and np.array_equal(data, self.data(twin)):
                    self.fault(name, f"equal to {twin}, to which its law does not tie it")
            self.region(name, law, data.reshape(-1))

    def rows(self, name, data, boxes):
        """Under a random law no row (outside the boxes) may be constant, as the row of a padding index is."""
        if data.ndim < 2 or data[0].size < 2 or not np.issubdtype(data.dtype, np.floating):
            return
        flat = data.reshape(data.shape[0], -1)
        bad = flat.min(axis=1) == flat.max(axis=1)
        for box in boxes:
            bad[box] = False
        if bad.any():
            self.fault(name, f"row {int(np.argmax(bad))} is constant under a law that is not")

    def region(self, name, law, flat):
        """One law over its elements."""
        if flat.size == 0:
            return self.fault(name, "no elements under this law")
        if law["law"] == "constant":
            value = np.asarray(law["value"]).astype(flat.dtype)
            bad = int(np.count_nonzero(flat != value))
            if bad:
                self.fault(name, f"{bad} of {flat.size} elements differ from the constant {law['value']} "
                                 f"(data in [{flat.min():.6g}, {flat.max():.6g}])")
            return None
        rule = Law(law)
        low, high = float(flat.min()), float(flat.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            return self.fault(name, "not finite")
        if flat.size > 1 and low == high:
            return self.fault(name, f"constant data ({low:.6g}) under a law that is not ({law['law']})")
        slack = lambda x: 0.0 if math.isinf(x) else abs(x) * 2.0**-22  # rounding of the bound to float32
        if low < rule.low - slack(rule.low) or high > rule.high + slack(rule.high):
            self.fault(name, f"data in [{low:.6g}, {high:.6g}] outside [{rule.low:.6g}, {rule.high:.6g}]")
        if rule.far:
            flat = self.without_clamped(name, rule, flat)
        zeros = int(np.count_nonzero(flat == 0))
        if zeros > 2 + 8 * flat.size / 2**24:  # a draw is exactly zero about once in 2^24
            self.fault(name, f"{zeros} of {flat.size} elements are exactly zero")
        sums = Sums(rule).add(flat)
        for f in sums.faults(self.sigma):
            self.fault(name, f)
        if flat.size < SMALL:
            for pools, key in ((self.pools, rule.key), (self.shape_pools, rule.shape_key)):
                names, pool = pools.setdefault(key, ([], Sums(rule)))
                names.append(name)
                pool.merge(sums)
        elif flat.size < 4 * MANY:  # too small for the fourth moment to tell much: its law's pool as well
            names, pool = self.pools.setdefault(rule.key, ([], Sums(rule)))
            names.append(name)
            pool.merge(sums)
        return None


    def without_clamped(self, name, rule, flat):
        """Sets elements at a far cut apart, and counts them.

        timm.layers.trunc_normal_ inverts the distribution function of a float32 uniform, which is exactly -1 once in
        2^24 draws; erfinv then gives -inf, which is clamped to the cut: -2, or 100 sigma at std 0.02. The law has no
        such elements; more of them than that rate explains are a fault.
        """
        keep = np.ones(flat.shape, bool)
        for bound in rule.far:
            keep &= flat != np.asarray(bound).astype(flat.dtype)
        clamped = int(flat.size - np.count_nonzero(keep))
        if not clamped:
            return flat
        self.clamped += clamped
        if clamped > 2 + 8 * flat.size / 2**24:
            self.fault(name, f"{clamped} of {flat.size} elements lie exactly at a cut more than {FAR:g} sigma out")
        return flat[keep]


# --- the command and the table -------------------------------------------------------------------------------------

def answer(command, preset, path, folder):
    """What the command under test says of the state dict in path."""
    registry = os.path.join(folder, "registry.sqlite")
    name = "m" + format(zlib.crc32(path.encode()), "x")
    for args in (["create", name, "--preset", preset, "--like", path, "--seed", "1", "--recipe-only"],
                 ["show", name, "--json"]):
        run = subprocess.run([*command, *args, "--registry", registry], capture_output=True, text=True)
        if run.returncode:
            raise Problem(f"`{args[0]}` ended with status {run.returncode}: "
                          f"{(run.stderr or run.stdout).strip()[-400:]}")
    return json.loads(run.stdout)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--command", default="winit-registry", help="command under test, split as a shell would")
    ap.add_argument("--only", nargs="+", metavar="PRESET", choices=sorted(PRESETS), help="these presets only")
    ap.add_argument("--table", metavar="FILE", help="write the table there too")
    ap.add_argument("--sigma", type=float, default=5.0, help="standard errors allowed (default 5)")
    ap.add_argument("--keep", metavar="DIR", help="keep the .safetensors files in DIR")
    ap.add_argument("--verbose", action="store_true", help="list all deviations, not the first ones")
    args = ap.parse_args()
    command = shlex.split(args.command)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    rows, notes, ok = [], [], True
    for preset in args.only or PRESETS:
        dist, architectures = PRESETS[preset]
        try:
            entries = architectures()
            version = importlib.metadata.version(dist)
        except Missing as e:
            ok = False
            print(f"{preset}: NOT CHECKED, library missing: {e}", file=sys.stderr)
            rows.append((preset, dist, "none", "", f"not checked: {dist} is missing"))
            continue
        labels, counts, clamped, kinds, faults = [], 0, 0, {}, []
        for label, build in entries:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(args.keep or folder, f"{preset}-{len(labels)}.safetensors")
                labels.append(label)
                try:
                    write_model(build, path)
                    c = Comparison(path, answer(command, preset, path, folder), args.sigma)
                except (Problem, OSError, json.JSONDecodeError) as e:
                    faults.append(f"{label}: {e}")
                    continue
                counts += c.count
                clamped += c.clamped
                for k, n in c.kinds.items():
                    kinds[k] = kinds.get(k, 0) + n
                faults += [f"{label}: {f}" for f in c.faults]
            print(f"{preset}: {label}: {'green' if not c.faults else 'RED'}", file=sys.stderr, flush=True)
        for f in faults[:None if args.verbose else 8]:
            print(f"  {f}", file=sys.stderr)
        if len(faults) > 8 and not args.verbose:
            print(f"  ... and {len(faults) - 8} more (--verbose)", file=sys.stderr)
        ok = ok and not faults
        literal = kinds.get("literal", 0)
        rows.append((preset, f"{dist} {version}", "; ".join(labels),
                     f"{counts}" + f" ({literal} literal)" * bool(literal),
                     ("green" if not faults else f"RED: {len(faults)} deviations")
                     + f"; elements clamped to a far cut, set apart: {clamped}" * bool(clamped)))

    lines = ["| preset | library and version | architectures built | tensors | result |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(r) + " |" for r in rows]
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if args.table:
        with open(args.table, "w") as f:
            f.write(table)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
