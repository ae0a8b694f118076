// The memory that this process can still get from the system.

import Foundation

/// The memory that this process can still get: the smallest of the limits that the system sets.
///
/// The number is an upper bound. Memory that the system can free at once, such as its cache of files, and swap count as
/// available. So whatever needs more than this cannot work.
package struct AvailableMemory: Sendable, Equatable {
  /// What sets a limit.
  package enum Limit: String, Sendable, CaseIterable {
    case machine = "the memory and the swap of the machine"
    case group = "the memory limit of the container or service (cgroup)"
    case addressSpace = "the limit of the process's address space (ulimit -v)"
    case data = "the limit of the process's data (ulimit -d)"
    case commitment = "the system's limit of committed memory (vm.overcommit_memory = 2)"
  }

  /// The number of bytes.
  package let byteCount: Int
  /// The limit that decides.
  package let limit: Limit

  /// Measures the memory.
  package static func now() -> AvailableMemory { AvailableMemory(root: "", limits: ProcessLimits()) }

  /// The limits of the process itself; `Int.max` for no limit.
  package struct ProcessLimits: Sendable {
    package var addressSpace = Int.max
    package var data = Int.max

    package init(addressSpace: Int, data: Int) { (self.addressSpace, self.data) = (addressSpace, data) }

    /// Asks the system.
    package init() {
      #if canImport(Darwin)
        addressSpace = Self.softLimit(RLIMIT_AS)
        data = Self.softLimit(RLIMIT_DATA)
      #else
        addressSpace = Self.softLimit(__rlimit_resource_t(RLIMIT_AS.rawValue))
        data = Self.softLimit(__rlimit_resource_t(RLIMIT_DATA.rawValue))
      #endif
    }

    #if canImport(Darwin)
      private static func softLimit(_ resource: Int32) -> Int { softLimit { getrlimit(resource, $0) } }
    #else
      private static func softLimit(_ resource: __rlimit_resource_t) -> Int { softLimit { getrlimit(resource, $0) } }
    #endif

    private static func softLimit(_ read: (UnsafeMutablePointer<rlimit>) -> Int32) -> Int {
      var limit = rlimit()
      // RLIM_INFINITY is the largest number, and does not fit an Int.
      return read(&limit) == 0 ? Int(exactly: limit.rlim_cur) ?? .max : .max
    }
  }

  /// Measures the memory.
  ///
  /// - Parameter root: the folder that holds `proc` and `sys`; empty for the system's own.
  package init(root: String, limits: ProcessLimits) {
    var (byteCount, limit) = (Int.max, Limit.machine)
    func apply(_ bytes: Int?, _ source: Limit) {
      guard let bytes, bytes < byteCount else { return }
      (byteCount, limit) = (max(0, bytes), source)
    }
    #if canImport(Darwin)
      // The system adds swap while it runs. A factorization that swaps would not end in useful time.
      apply(Int(exactly: ProcessInfo.processInfo.physicalMemory), .machine)
      apply(limits.addressSpace, .addressSpace)
      apply(limits.data, .data)
    #else
      let system = SystemFiles(root: root)
      let machine = system.kilobytes("proc/meminfo")
      apply(machine.available, .machine)
      if system.number("proc/sys/vm/overcommit_memory") == 2, let total = machine["CommitLimit"],
        let committed = machine["Committed_AS"]
      {
        apply(total - committed, .commitment)
      }
      for group in system.memoryGroups { apply(group.available(swap: machine["SwapFree"] ?? 0), .group) }
      let process = system.kilobytes("proc/self/status")
      if limits.addressSpace != .max { apply(limits.addressSpace - (process["VmSize"] ?? 0), .addressSpace) }
      if limits.data != .max { apply(limits.data - (process["VmData"] ?? 0), .data) }
    #endif
    (self.byteCount, self.limit) = (byteCount, limit)
  }
}

extension [String: Int] {
  /// The memory of the machine that a process can get, swap included, from the fields of /proc/meminfo.
  fileprivate var available: Int? {
    guard let free = self["MemFree"] else { return nil }
    func bytes(_ names: String...) -> Int { names.reduce(0) { $0 + (self[$1] ?? 0) } }
    // MemAvailable keeps a reserve back, so the sum of what the system could free may be larger.
    let freeable = free + bytes("Buffers", "Cached", "SReclaimable") - bytes("Shmem")
    return Swift.max(self["MemAvailable"] ?? 0, freeable) + bytes("SwapFree")
  }
}

/// The files in which Linux reports memory.
private struct SystemFiles {
  let root: String

  func text(_ path: String) -> String? {
    // Files of /proc have no size, so they are read as a stream.
    guard let file = FileHandle(forReadingAtPath: "\(root)/\(path)") else { return nil }
    defer { try? file.close() }
    return (try? file.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Returns the number in a file; nil for `max`, which means no limit.
  func number(_ path: String) -> Int? {
    text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// Returns the fields of a file with lines such as `MemFree: 1024 kB`, in bytes.
  func kilobytes(_ path: String) -> [String: Int] {
    fields(path, separator: ":").mapValues { $0.multipliedReportingOverflow(by: 1024).partialValue }
  }

  func fields(_ path: String, separator: Character) -> [String: Int] {
    var fields: [String: Int] = [:]
    for line in text(path)?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: separator, maxSplits: 1)
      guard parts.count == 2, let number = parts[1].split(whereSeparator: \.isWhitespace).first.flatMap({ Int($0) })
      else { continue }
      fields[String(parts[0])] = number
    }
    return fields
  }

  /// The groups with a memory limit to which the process belongs. Every group above a group limits it too.
  var memoryGroups: [MemoryGroup] {
    var groups: [MemoryGroup] = []
    for line in text("proc/self/cgroup")?.split(separator: "\n") ?? [] {
      // `0::/PATH` in version 2; `N:memory:/PATH` in version 1. Inside a container the path may not exist under the
      // mounted hierarchy, whose root is then the group itself.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isVersion2 = parts[0] == "0" && parts[1].isEmpty
      guard isVersion2 || parts[1].split(separator: ",").contains("memory") else { continue }
      let hierarchy = "sys/fs/cgroup" + (isVersion2 ? "" : "/memory")
      var names = parts[2].split(separator: "/")
      while true {
        let folder = ([hierarchy] + names.map(String.init)).joined(separator: "/")
        if let group = isVersion2 ? MemoryGroup(version2: folder, self) : MemoryGroup(version1: folder, self) {
          groups.append(group)
        }
        guard names.popLast() != nil else { break }
      }
    }
    return groups
  }
}

/// A control group with a limit of memory.
private struct MemoryGroup {
  let limit: Int
  let used: Int
  /// The part of `used` that the system frees when it is needed: the cache of files.
  let freeable: Int
  /// The swap that the group may still use; nil for no limit.
  let swap: Int?

  init?(version2 folder: String, _ system: SystemFiles) {
    guard let limit = system.number(folder + "/memory.max"), let used = system.number(folder + "/memory.current")
    else { return nil }
    let fields = system.fields(folder + "/memory.stat", separator: " ")
    (self.limit, self.used) = (limit, used)
    freeable = ["active_file", "inactive_file", "slab_reclaimable"].reduce(0) { $0 + (fields[$1] ?? 0) }
    swap = system.number(folder + "/memory.swap.max").map {
      max(0, $0 - (system.number(folder + "/memory.swap.current") ?? 0))
    }
  }

  init?(version1 folder: String, _ system: SystemFiles) {
    guard let limit = system.number(folder + "/memory.limit_in_bytes"),
      let used = system.number(folder + "/memory.usage_in_bytes")
    else { return nil }
    let fields = system.fields(folder + "/memory.stat", separator: " ")
    (self.limit, self.used) = (limit, used)
    freeable = ["total_active_file", "total_inactive_file"].reduce(0) { $0 + (fields[$1] ?? 0) }
    // The limit of memory and swap together.
    swap = system.number(folder + "/memory.memsw.limit_in_bytes").map { max(0, $0 - limit) }
  }

  /// Returns the memory that the group can still get.
  ///
  /// - Parameter machine: the free swap of the machine.
  func available(swap machine: Int) -> Int {
    // A limit of version 1 that is not set is close to the largest number.
    let (room, overflow) = limit.subtractingReportingOverflow(max(0, used - freeable))
    let (all, overflow2) = room.addingReportingOverflow(min(machine, swap ?? machine))
    return overflow || overflow2 ? .max : all
  }
}
