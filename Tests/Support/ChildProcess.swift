// Other programs that tests run: their output, exit status and peak memory.

package import Foundation

/// The result of a program that has ended.
package struct Outcome: Sendable {
  /// The exit status, or 128 + the number of the signal that ended the program, as in a shell.
  package let status: Int32
  package let output: String
  package let errors: String
  /// The peak of resident memory, in bytes.
  package let peakBytes: Int
  /// The time for which processors have run the program, in seconds.
  package let processorTime: Double
}

/// A running program. Its output goes to files, so the program never waits for a reader.
package final class ChildProcess {
  package let pid: pid_t
  private let folder: TemporaryFolder

  /// A program that could not be started.
  package struct LaunchError: Error {
    package let program: String
    package let code: Int32
  }

  /// Starts a program in a folder.
  ///
  /// - Parameters:
  ///   - environment: environment variables to set, beside those of this process.
  ///   - terminal: the path of a terminal for the standard output; nil for a file.
  package init(
    _ program: String, _ arguments: [String], in directory: String, environment: [String: String] = [:],
    terminal: String? = nil
  ) throws {
    folder = try TemporaryFolder()
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for (descriptor, name) in [(STDOUT_FILENO, "output"), (STDERR_FILENO, "errors")] {
      let path = descriptor == STDOUT_FILENO ? terminal : nil
      posix_spawn_file_actions_addopen(
        &actions, descriptor, path ?? folder.path(name), O_WRONLY | O_CREAT | O_NOCTTY, 0o600)
    }
    let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // A shell changes to the folder and then becomes the program. Not every posix_spawn can change the folder.
    let words = ["sh", "-c", #"cd "$0" && exec "$@""#, directory, program] + arguments
    var argv = words.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/bin/sh", &actions, nil, &argv, &envp)
    guard code == 0 else { throw LaunchError(program: program, code: code) }
    self.pid = pid
  }

  /// Sends a signal to the program.
  package func send(_ signal: Int32) { kill(pid, signal) }

  /// True if the program has ended. `wait` must still be called.
  package var hasEnded: Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
  }

  /// Waits for the end of the program, and samples its memory every two milliseconds.
  ///
  /// The system's own figure for an ended child is not usable: it includes the memory of the parent process, because
  /// the child is a copy of the parent before it becomes another program.
  package func wait() -> Outcome {
    var status: Int32 = 0
    var peak = 0
    var usage = rusage()
    while wait4(pid, &status, WNOHANG, &usage) == 0 {
      peak = max(peak, peakMemory())
      usleep(2000)
    }
    let ended = (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    func text(_ name: String) -> String {
      (try? folder.bytes(name)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return Outcome(
      status: ended, output: text("output"), errors: text("errors"), peakBytes: peak,
      processorTime: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }

  private func peakMemory() -> Int {
    #if os(Linux)
      let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
      return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    #else
      var usage = rusage_info_v4()
      let result = withUnsafeMutablePointer(to: &usage) {
        $0.withMemoryRebound(to: rusage_info_t?.self, capacity: 1) {
          proc_pid_rusage(pid, RUSAGE_INFO_V4, $0)
        }
      }
      return result == 0 ? Int(usage.ri_lifetime_max_phys_footprint) : 0
    #endif
  }
}

/// The command under test.
package enum Command {
  /// The path of the command: $WINIT_REGISTRY_COMMAND, or the product beside the running tests.
  package static let path =
    ProcessInfo.processInfo.environment["WINIT_REGISTRY_COMMAND"] ?? product("winit-registry")

  /// Returns the path of a program that was built with the tests.
  package static func product(_ name: String) -> String {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
    let built = ["release", "debug"].map { VectorFile.repository.appending(path: ".build/\($0)/\(name)") }
    return ([beside] + built).map(\.path).first { FileManager.default.isExecutableFile(atPath: $0) }
      ?? beside.path
  }

  /// Starts the command in a folder.
  package static func start(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess(
      path, arguments, in: folder.url.path, environment: ["WINIT_REGISTRY": ""].merging(environment) { $1 })
  }

  /// Runs the command in a folder and waits for its end.
  package static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(arguments, in: folder, environment: environment).wait()
  }
}

/// Python with NumPy, safetensors and mpmath, in the environment that tools/test makes. Tests that need it are skipped
/// without it.
package enum Python {
  /// The path of the interpreter: $WINIT_PYTHON.
  package static let path = ProcessInfo.processInfo.environment["WINIT_PYTHON"] ?? ""

  package static let isAvailable = FileManager.default.isExecutableFile(atPath: path)

  /// Runs a module of tools/checks in a folder and waits for its end.
  package static func run(_ module: String, _ arguments: [String], in folder: TemporaryFolder) throws
    -> Outcome
  {
    let sources = ["python/src", "tools"].map { VectorFile.repository.appending(path: $0).path }
    return try ChildProcess(
      path, ["-B", "-m", "checks.\(module)"] + arguments, in: folder.url.path,
      environment: ["PYTHONPATH": sources.joined(separator: ":")]
    ).wait()
  }
}
