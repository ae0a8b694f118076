// The process that holds a lock on a registry: its number, its command, and since when it runs.

import CWinitStorage
import Foundation
import GRDB
import WinitCore
import WinitJSON

/// A process that keeps a registry locked, as far as it is known.
///
/// The system names the process. If it does not, because the process is in another container, a lease in the registry
/// may name it.
struct LockHolder: Sendable, Equatable {
  /// The process id; nil if the system does not tell.
  var pid: Int?
  /// The command line, shortened.
  var command: String?
  /// The start of the operation by its lease, or else of the process.
  var since: Date?
  /// Whether the process is stopped, as after Ctrl-Z.
  var isStopped = false
  /// Whether the process is on another machine or in another container, where `pid` is its number.
  var isElsewhere = false

  /// Finds the process that holds a lock on a registry that this process has open.
  init(of path: String) {
    let number = Int(winit_lock_holder(path))
    let leases = LockHolder.leases(path).sorted { $0.since ?? .distantPast > $1.since ?? .distantPast }
    if number > 0 {
      pid = number
      (command, since, isStopped) = LockHolder.process(number)
      let own = leases.first { $0.holder.pid == number && $0.holder.isSameMachine }
      since = own?.since ?? since
    } else if number < 0, let lease = leases.first(where: { !$0.holder.isSameMachine }) {
      (pid, command, since, isElsewhere) = (lease.holder.pid, lease.holder.command, lease.since, true)
    }
  }

  /// The process for people: `process 4711 (winit-registry create …), running since …`.
  var text: String {
    guard let pid else { return "another process, which the system does not name" }
    let place = isElsewhere ? " in another container or on another machine" : ""
    let what = command.map { " (`\($0)`)" } ?? ""
    let time = since.map { ", running since \(LockHolder.text($0))" } ?? ""
    let state = isStopped ? "; the process is stopped, and `kill -CONT \(pid)` continues it" : ""
    return "process \(pid)\(place)\(what)\(time)\(state)"
  }

  private static func text(_ date: Date) -> String {
    date.timeText.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: " UTC")
  }

  /// The longest command line that is shown, in characters.
  private static let longestCommand = 80

  /// Returns what the system tells about a process of this machine.
  private static func process(_ pid: Int) -> (command: String?, since: Date?, isStopped: Bool) {
    #if os(Linux)
      let line = (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))) ?? Data()
      let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      let name = words.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
      let command = ([name].compactMap(\.self) + words.dropFirst()).joined(separator: " ")
      let fields = ProcessIdentity.statusFields(of: pid)
      let boot = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8))?
        .split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
      var since: Date?
      if let boot, fields.count > 20, let ticks = Double(fields[20]) {
        since = Date(timeIntervalSince1970: boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
      }
      let isStopped = fields.count > 1 && (fields[1] == "T" || fields[1] == "t")
      return (command.isEmpty ? nil : shortened(command), since, isStopped)
    #elseif canImport(Darwin)
      var info = proc_bsdinfo()
      let size = Int32(MemoryLayout<proc_bsdinfo>.size)
      guard proc_pidinfo(pid_t(pid), PROC_PIDTBSDINFO, 0, &info, size) == size else { return (nil, nil, false) }
      let name = withUnsafeBytes(of: info.pbi_comm) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      return (
        shortened(name), Date(timeIntervalSince1970: Double(info.pbi_start_tvsec)), info.pbi_status == UInt32(SSTOP)
      )
    #else
      return (nil, nil, false)
    #endif
  }

  private static func shortened(_ text: String) -> String {
    let line = text.replacingOccurrences(of: "`", with: "'").replacingOccurrences(of: "\n", with: " ")
    return line.count <= longestCommand ? line : line.prefix(longestCommand - 1) + "…"
  }

  /// Returns the leases of other processes; none if the file cannot be read now.
  private static func leases(_ path: String) -> [(holder: ProcessIdentity, since: Date?)] {
    // A connection of its own, because the connection that waits is in use. SQLite keeps the locks of both apart.
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .immediateError
    configuration.prepareDatabase { db in
      _ = winit_sqlite_harden(UnsafeMutableRawPointer(db.sqliteConnection), 1 << 20)
    }
    let rows = try? Store.throughGuard(.reading, attaching: false) {
      try DatabaseQueue(path: path.hasPrefix("/") ? path : "./" + path, configuration: configuration)
    }.read { try String.fetchAll($0, sql: "SELECT holder FROM leases LIMIT 1000") }
    return (rows ?? []).compactMap { text in
      guard let json = try? JSONValue(parsing: text), let holder = ProcessIdentity(json: json),
        holder.pid != ProcessIdentity.current.pid || !holder.isSameMachine, !holder.hasEnded
      else { return nil }
      return (holder, json["since"]?.stringValue.flatMap { Date(timeText: $0) })
    }
  }
}
