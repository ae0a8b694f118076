// One import for users of the library: the words of the modules below, where they appear in its interface.

@_exported public import CanonicalJSON
@_exported public import InitLaw
@_exported public import Initializers
@_exported public import Manifests
@_exported public import ModelSpec
@_exported public import Store
@_exported public import TensorFiles
@_exported public import Tensors
