// The memory that there is, and the memory that a tensor needs.

import Foundation
import Testing
import WinitCore
import WinitTestSupport

#if os(Linux)
  @Suite struct MemoryTests {
    private static let meminfo = """
      MemTotal:       8000000 kB
      MemFree:        1000000 kB
      MemAvailable:   3000000 kB
      Buffers:         100000 kB
      Cached:         2500000 kB
      SwapFree:        500000 kB
      Shmem:           200000 kB
      SReclaimable:    300000 kB
      CommitLimit:    4000000 kB
      Committed_AS:   3900000 kB

      """

    /// Measures the memory of a system whose files of /proc and /sys are these.
    private func available(
      _ files: [String: String], addressSpace: Int = .max, data: Int = .max
    ) throws -> AvailableMemory {
      let folder = try TemporaryFolder()
      for (path, text) in files.merging(["proc/meminfo": Self.meminfo], uniquingKeysWith: { given, _ in given }) {
        let url = folder.url.appending(path: path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      return AvailableMemory(
        root: folder.url.path, limits: AvailableMemory.ProcessLimits(addressSpace: addressSpace, data: data))
    }

    @Test func `free memory, caches that can be dropped and swap are available on a machine`() throws {
      let memory = try available([:])
      // 1,000,000 + 100,000 + 2,500,000 + 300,000 − 200,000 + 500,000 kB, which is more than MemAvailable and the swap.
      #expect(memory.byteCount == 4_200_000 << 10 && memory.limit == .machine)
    }

    @Test func `a control group limits the memory, and so does every group above it`() throws {
      let files = [
        "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
        "sys/fs/cgroup/a/b/memory.current": "5000000\n", "sys/fs/cgroup/a/memory.max": "1000000000\n",
        "sys/fs/cgroup/a/memory.current": "400000000\n",
        "sys/fs/cgroup/a/memory.stat":
          "anon 1\nactive_file 30000000\ninactive_file 60000000\nslab_reclaimable 10000000\n",
        "sys/fs/cgroup/a/memory.swap.max": "50000000\n", "sys/fs/cgroup/a/memory.swap.current": "20000000\n",
      ]
      let memory = try available(files)
      #expect(memory.byteCount == 1_000_000_000 - 400_000_000 + 100_000_000 + 30_000_000 && memory.limit == .group)
    }

    @Test func `a control group of version 1 limits the memory, also where its path is that outside a container`()
      throws
    {
      let files = [
        "proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "100000000\n",
        "sys/fs/cgroup/memory/memory.stat": "total_active_file 0\ntotal_inactive_file 50000000\n",
        "sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "300000000\n",
      ]
      let memory = try available(files)
      #expect(memory.byteCount == 250_000_000 && memory.limit == .group)
      let unlimited = try available(
        files.merging(["sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"]) { $1 })
      #expect(unlimited.limit == .machine)
    }

    @Test func `limits of the process and of committed memory count`() throws {
      let status = ["proc/self/status": "VmSize:\t  100000 kB\nVmData:\t  40000 kB\n"]
      let space = try available(status, addressSpace: 200_000 << 10)
      #expect(space == (try available(status, addressSpace: 200_000 << 10, data: 190_000 << 10)))
      #expect(space.byteCount == 100_000 << 10 && space.limit == .addressSpace)
      let data = try available(status, addressSpace: 200_000 << 10, data: 50_000 << 10)
      #expect(data.byteCount == 10_000 << 10 && data.limit == .data)
      let strict = try available(["proc/sys/vm/overcommit_memory": "2\n"])
      #expect(strict.byteCount == 100_000 << 10 && strict.limit == .commitment)
      #expect(try available(status, addressSpace: 1).byteCount == 0)
    }

    @Test func `a system without these files has no limit that is known`() throws {
      #expect(try available(["proc/meminfo": ""]).byteCount == .max)
    }
  }
#endif

@Suite struct WholeMemoryTests {
  private func memory(_ law: Law, _ dims: [Int]) throws -> Int {
    try Recipe(seed: 1, stream: 1, dtype: .float32, shape: Shape(dims), law: law).wholeMemory
  }

  // Measured as the peak of resident memory of `create --recipe-only` above that of a tiny model, in MiB: 104.4, 131.9,
  // 132.0 and 123.2.
  @Test(
    arguments: [
      (.orthogonal(gain: 1, rows: 3000), [3000, 3000], 104.4), (.orthogonal(gain: 1, rows: 6000), [6000, 1500], 131.9),
      (.orthogonal(gain: 1, rows: 1500), [1500, 6000], 132.0), (.sparse(std: 1, zeros: 4000), [8000, 4000], 123.2),
    ] as [(Law, [Int], Double)])
  func `the memory of a whole tensor is at most what was measured, and at least 95 % of it`(
    law: Law, dims: [Int], measured: Double
  ) throws {
    let mebibytes = Double(try memory(law, dims)) / 0x1p20
    #expect(mebibytes <= measured * 1.01 && mebibytes >= measured * 0.95, "\(mebibytes)")
  }

  @Test func `the memory of the largest matrix does not overflow, and a law without whole tensors takes none`() throws {
    #expect(try memory(.orthogonal(gain: 1, rows: 65536), [65536, 65536]) > 12 << 32)
    #expect(try memory(.normal(mean: 0, std: 1), [65536, 65536]) == 0)
  }
}
