import Foundation
import MinkeModels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Writing packed weights may fail or be a process's last act", .serialized)
struct PackCacheDeathTests {
  /// Every step there is for the tiny model, in order.
  private func steps() throws -> [PackStep] {
    let fixture = try PackFixture()
    let seen = Locked<[PackStep]>([])
    var cache = fixture.askingCache()
    cache.checkpoint = { step in seen.withLock { $0.append(step) } }
    _ = try fixture.load(cache)
    return seen.value
  }

  struct DiskIsFull: Error {}

  @Test("A step that fails leaves nothing half-made")
  func failure() throws {
    let steps = try steps()
    #expect(steps.count == 6)
    for failing in steps {
      let fixture = try PackFixture()
      var cache = fixture.askingCache()
      cache.checkpoint = { step in if step == failing { throw DiskIsFull() } }
      try fixture.expect(.checkpoint, cache)
      #expect(fixture.notes.value.count == 1)
      #expect(!fixture.names.contains { $0.hasPrefix("temporary-") }, "\(failing)")
      _ = try fixture.load(fixture.askingCache())
      try fixture.expect(.packCache, fixture.askingCache())
    }
  }

  /// The child finds by its parent's number what to do.
  private static func root(of process: pid_t) -> String { NSTemporaryDirectory() + "minke-killed-\(process)" }

  @Test("A process that is killed at any step leaves nothing that harms the next")
  func death() async throws {
    for (index, step) in try steps().enumerated() {
      let fixture = try PackFixture(root: Self.root(of: getpid()))
      try Data([UInt8(index)]).write(to: URL(fileURLWithPath: fixture.root + "/step"))
      await #expect(processExitsWith: .signal(SIGKILL)) {
        let fixture = try PackFixture(root: PackCacheDeathTests.root(of: getppid()))
        let last = try #require(Data(contentsOf: URL(fileURLWithPath: fixture.root + "/step")).first)
        let seen = Locked<UInt8>(0)
        var cache = fixture.askingCache()
        cache.checkpoint = { _ in
          let index = seen.withLock { count in
            count += 1
            return count - 1
          }
          if index == last { kill(getpid(), SIGKILL) }
        }
        _ = try fixture.load(cache)
      }
      let left = fixture.names
      #expect(left.contains { $0.hasPrefix("temporary-") } == [1, 2, 3].contains(index), "\(step): \(left)")
      // The renamed file is whole, but found only by those who know the digest.
      try fixture.expect(index < 4 ? .checkpoint : .packCache)
      _ = try fixture.load(fixture.askingCache())
      try fixture.expect(.packCache, fixture.askingCache())
      if index < 4 { #expect(!fixture.names.contains { $0.hasPrefix("temporary-") }) }
    }
  }

  @Test("What a living process is writing is not swept")
  func sweep() throws {
    let fixture = try PackFixture()
    try fixture.expect(.checkpoint)
    let (dead, living) = (fixture.folder + "/temporary-1-dead", fixture.folder + "/temporary-2-living")
    for path in [dead, living] { try Data("half".utf8).write(to: URL(fileURLWithPath: path)) }
    let descriptor = unsafe open(living, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try FileManager.default.removeItem(atPath: fixture.pack())
    try fixture.expect(.checkpoint)
    #expect(fixture.names.filter { $0.hasPrefix("temporary-") } == ["temporary-2-living"])
  }

  @Test("A limit of the size of files is no reason to die")
  func fileSizeLimit() async throws {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #else
        let resource = RLIMIT_FSIZE
      #endif
      let fixture = try PackFixture()
      #expect(unsafe setrlimit(resource, &limit) == 0)
      try fixture.expect(.checkpoint)
      #expect(fixture.names == [])
      #expect(fixture.notes.value.first?.contains("not allowed here") == true)
    }
  }
}
