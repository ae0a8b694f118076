// One import for users of the library: the words of the modules below, where they appear in its interface.

@_exported public import WinitCore
@_exported public import WinitFiles
@_exported public import WinitInitializers
@_exported public import WinitJSON
@_exported public import WinitSpec
@_exported public import WinitStorage
