"""Names for the array types that the modules exchange."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint32]
"""Random words, one for each element of a tensor."""

Floats: TypeAlias = NDArray[np.float32]
"""Draws or values in binary32."""

Doubles: TypeAlias = NDArray[np.float64]
"""Intermediate results in binary64."""

Flags: TypeAlias = NDArray[np.bool_]
"""Whether something holds, for each element."""

Indices: TypeAlias = NDArray[np.uint64]
"""Positions of words in a stream."""
