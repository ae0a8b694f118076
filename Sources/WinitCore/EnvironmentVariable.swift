// One environment variable.

import Foundation

/// Returns the value of an environment variable; nil if it is not set.
///
/// `ProcessInfo.environment` makes a dictionary of all variables at each call.
package func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
