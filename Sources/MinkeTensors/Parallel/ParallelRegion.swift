internal import CMinkeKernels
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// An atomic integer that shares its cache line (and the line that is prefetched with it) with nothing.
struct LonelyAtomic: ~Copyable {
  private let before: InlineArray<15, Int> = .init(repeating: 0)
  let value = Atomic<Int>(0)
  private let after: InlineArray<16, Int> = .init(repeating: 0)
}

/// What the threads of a pool share: the job, the barrier, and where idle threads sleep.
///
/// It lies at a fixed address that the pool owns, since its threads must not keep the pool itself alive.
@unsafe
struct ParallelRegion: ~Copyable {
  /// Counts jobs; a change tells threads that there is one, or that they shall leave.
  let generation = LonelyAtomic()
  /// Workers that have reached the barrier.
  let arrived = LonelyAtomic()
  /// Counts barriers passed.
  let epoch = LonelyAtomic()
  /// Threads that sleep, or are about to.
  let parked = LonelyAtomic()
  let queues = unsafe WorkQueues()

  /// What the threads run, and the type of it; it lies in the frame of the caller, who waits for them.
  var job: UnsafeRawPointer?
  var jobType: (any RegionJob.Type)?
  var isClosing = false
  var workerCount = 1
  /// How many operations each worker has taken turns in; a worker touches its own number alone.
  let operations: UnsafeMutablePointer<UInt32>
  /// Numbers from one worker's to the next: pairs of cache lines.
  static let operationStride = 32
  /// How long to spin before the processor is offered to others.
  let patience: Backoff.Patience

  #if canImport(Darwin)
    var mutex = pthread_mutex_t()
  #else
    // A union with pointers.
    var mutex = unsafe pthread_mutex_t()
  #endif
  var wake = pthread_cond_t()

  init(patience: Backoff.Patience, threadCount: Int) {
    unsafe self.patience = patience
    unsafe operations = .allocate(capacity: threadCount * Self.operationStride)
    unsafe operations.initialize(repeating: 0, count: threadCount * Self.operationStride)
  }

  deinit { unsafe operations.deallocate() }

  /// The barrier: the last to arrive lets all others go.
  ///
  /// - Parameter work: what a waiting thread can do meanwhile, in small steps; false when there is no more.
  @inline(__always)
  static func synchronize(
    _ region: UnsafeMutablePointer<ParallelRegion>, count: Int, meanwhile work: () -> Bool = { false }
  ) {
    let epoch = unsafe region.pointee.epoch.value.load(ordering: .relaxed)
    let arrived = unsafe region.pointee.arrived.value.add(1, ordering: .acquiringAndReleasing).newValue
    if arrived == count {
      unsafe region.pointee.arrived.value.store(0, ordering: .relaxed)
      unsafe region.pointee.epoch.value.store(epoch &+ 1, ordering: .releasing)
      return
    }
    var backoff = unsafe Backoff(region.pointee.patience)
    while unsafe region.pointee.epoch.value.load(ordering: .acquiring) == epoch {
      if !work() { backoff.wait() }
    }
  }

  /// Makes a change of `job` or `isClosing` known to all threads.
  static func announce(_ region: UnsafeMutablePointer<ParallelRegion>) {
    unsafe _ = region.pointee.generation.value.add(1, ordering: .sequentiallyConsistent)
    // Either this sees a thread that is about to sleep, or that thread sees the new generation.
    guard unsafe region.pointee.parked.value.load(ordering: .sequentiallyConsistent) > 0 else { return }
    unsafe _ = pthread_mutex_lock(&region.pointee.mutex)
    unsafe _ = pthread_cond_broadcast(&region.pointee.wake)
    unsafe _ = pthread_mutex_unlock(&region.pointee.mutex)
  }

  /// What each thread but the caller's does until the pool goes.
  static func serve(_ region: UnsafeMutablePointer<ParallelRegion>, index: Int) {
    var seen = 0
    while true {
      seen = unsafe awaitChange(region, from: seen)
      if unsafe region.pointee.isClosing { return }
      let worker = unsafe Worker(index: index, count: region.pointee.workerCount, region: region)
      unsafe perform(region, worker)
      worker.synchronize()
    }
  }

  /// Runs the job. Apart, so that references to what the job holds are given up before the region ends.
  @inline(never)
  private static func perform(_ region: UnsafeMutablePointer<ParallelRegion>, _ worker: Worker) {
    guard let job = unsafe region.pointee.job, let type = unsafe region.pointee.jobType else { return }
    unsafe type.run(at: job, worker)
  }

  /// Waits for another generation than `seen`: spinning, then yielding, then asleep.
  private static func awaitChange(_ region: UnsafeMutablePointer<ParallelRegion>, from seen: Int) -> Int {
    var backoff = unsafe Backoff(region.pointee.patience)
    while true {
      let generation = unsafe region.pointee.generation.value.load(ordering: .acquiring)
      if generation != seen { return generation }
      if backoff.isIdle { break }
      backoff.wait()
    }
    unsafe _ = pthread_mutex_lock(&region.pointee.mutex)
    unsafe _ = region.pointee.parked.value.add(1, ordering: .sequentiallyConsistent)
    var generation = unsafe region.pointee.generation.value.load(ordering: .sequentiallyConsistent)
    while generation == seen {
      unsafe _ = pthread_cond_wait(&region.pointee.wake, &region.pointee.mutex)
      generation = unsafe region.pointee.generation.value.load(ordering: .sequentiallyConsistent)
    }
    unsafe _ = region.pointee.parked.value.subtract(1, ordering: .relaxed)
    unsafe _ = pthread_mutex_unlock(&region.pointee.mutex)
    return generation
  }
}

/// How a thread waits for another: it spins for some microseconds, then offers its processor to others,
/// and after a long time naps.
struct Backoff {
  /// How much spinning is worth while.
  struct Patience {
    /// Rounds of spinning; each some tens of cycles.
    var spins: Int
    /// Microseconds without work after which a thread may sleep.
    var idleTime: Int

    /// A processor for each thread: the other is at work, and a hand-off takes a tenth of a microsecond.
    static let dedicated = Patience(spins: 4000, idleTime: 2000)
    /// More threads than processors: the other may be waiting for this very processor.
    static let oversubscribed = Patience(spins: 16, idleTime: 100)
  }

  private let patience: Patience
  private var rounds = 0
  private var start = 0

  init(_ patience: Patience) {
    self.patience = patience
  }

  /// Whether the wait has lasted longer than a pause between two tokens.
  private(set) var isIdle = false

  mutating func wait() {
    rounds &+= 1
    if rounds <= patience.spins {
      minke_cpu_relax()
      return
    }
    if rounds == patience.spins &+ 1 { start = Self.microseconds() }
    if isIdle {
      _ = usleep(50)
    } else {
      _ = sched_yield()
      if rounds & 15 == 0 { isIdle = Self.microseconds() &- start > patience.idleTime }
    }
  }

  private static func microseconds() -> Int {
    var time = timespec()
    unsafe _ = clock_gettime(CLOCK_MONOTONIC, &time)
    return Int(time.tv_sec) &* 1_000_000 &+ Int(time.tv_nsec) / 1000
  }
}
