// Arguments and variables of this process that are not text.

import Foundation
import WinitJSON

/// Returns the reason why an argument, or the variable that names the registry, cannot be used; nil if all are UTF-8.
///
/// Swift replaces bytes that are not UTF-8 by `U+FFFD`, so a command would read or write a file with another name.
func invalidTextProblem() -> String? {
  let arguments = CommandLine.unsafeArgv
  for index in 1..<max(1, Int(CommandLine.argc)) {
    if let argument = arguments[index], String(validatingCString: argument) == nil {
      return "argument \(index) is not UTF-8: \(quoted: escaped(argument)). \(remedy)"
    }
  }
  if let value = getenv("WINIT_REGISTRY"), String(validatingCString: value) == nil {
    return "$WINIT_REGISTRY is not UTF-8: \(quoted: escaped(value)). \(remedy)"
  }
  return nil
}

private let remedy = "Rename the file, or name it by a link whose name is UTF-8"

/// Returns a text with the bytes that are not ASCII as `\xE9`.
private func escaped(_ text: UnsafePointer<CChar>) -> String {
  var result = ""
  var next = text
  while next.pointee != 0 {
    let byte = UInt8(bitPattern: next.pointee)
    result += byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
    next += 1
  }
  return result
}
