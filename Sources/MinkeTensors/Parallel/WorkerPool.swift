#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Threads that live as long as the pool and run the same code at the same time, each with its
/// ``Worker`` ("single program, multiple data").
///
/// Between two regions the threads spin for a short while, then sleep: an idle pool costs no processor
/// time. With one thread, a region is a plain call.
@safe
package final class WorkerPool: @unchecked Sendable {
  // Sendable by hand: the region's fields are atomic, or guarded by `turn` and the announcement of a job.

  /// The processors that this process may keep busy; see ``ProcessorLimit``.
  package static var availableProcessors: Int { ProcessorLimit.current().count }

  /// Threads of a region, the caller's included.
  package let threadCount: Int

  private let region: UnsafeMutablePointer<ParallelRegion>
  private let turn: UnsafeMutablePointer<pthread_mutex_t>
  private var threads: [SystemThread] = []

  /// Starts `threadCount − 1` threads, or as many as the system grants.
  package init(threadCount: Int) {
    precondition(threadCount > 0, "a pool has at least one thread")
    unsafe region = .allocate(capacity: 1)
    let crowded = threadCount > 1 && threadCount > Self.availableProcessors
    unsafe region.initialize(
      to: ParallelRegion(patience: crowded ? .oversubscribed : .dedicated, threadCount: threadCount))
    unsafe _ = pthread_mutex_init(&region.pointee.mutex, nil)
    unsafe _ = pthread_cond_init(&region.pointee.wake, nil)
    unsafe turn = .allocate(capacity: 1)
    unsafe turn.initialize(to: pthread_mutex_t())
    unsafe _ = pthread_mutex_init(turn, nil)
    for index in 1..<max(threadCount, 1) {
      guard let thread = unsafe startThread(serving: region, as: index) else { break }
      threads.append(thread)
    }
    self.threadCount = threads.count + 1
    unsafe region.pointee.workerCount = threads.count + 1
  }

  deinit {
    unsafe region.pointee.isClosing = true
    unsafe ParallelRegion.announce(region)
    for thread in threads { thread.join() }
    unsafe _ = pthread_cond_destroy(&region.pointee.wake)
    unsafe _ = pthread_mutex_destroy(&region.pointee.mutex)
    unsafe _ = pthread_mutex_destroy(turn)
    unsafe region.deinitialize(count: 1)
    unsafe region.deallocate()
    unsafe turn.deallocate()
  }

  /// Runs `job` on every thread at once, the caller as worker 0, and returns when all are done.
  ///
  /// Calls from several threads take turns. The job must not call `run` of the same pool. Nothing is allocated.
  package func run<Job: RegionJob>(_ job: Job) {
    precondition(MemoryLayout<Job>.size > 0, "a job has members, without which it has no address")
    guard threadCount > 1 else { return job.run(.alone) }
    unsafe _ = pthread_mutex_lock(turn)
    // The pointer outlives this call in no thread: all have passed the barrier that ends the region.
    unsafe withUnsafePointer(to: job) { pointer in
      unsafe region.pointee.job = UnsafeRawPointer(pointer)
      unsafe region.pointee.jobType = Job.self
      unsafe ParallelRegion.announce(region)
      let worker = unsafe Worker(index: 0, count: threadCount, region: region)
      job.run(worker)
      worker.synchronize()
      unsafe region.pointee.job = nil
    }
    unsafe _ = pthread_mutex_unlock(turn)
  }

  /// Runs `body` on every thread as a job: for what is not done token by token, since it costs a small
  /// allocation, of the closure's context.
  package func run(_ body: (Worker) -> Void) {
    guard threadCount > 1 else { return body(.alone) }
    withoutActuallyEscaping(body) { run(ClosureJob(body: $0)) }
  }
}

/// What the threads of a pool do at the same time, each with its ``Worker``.
package protocol RegionJob {
  func run(_ worker: Worker)
}

extension RegionJob {
  static func run(at job: UnsafeRawPointer, _ worker: Worker) {
    unsafe job.assumingMemoryBound(to: Self.self).pointee.run(worker)
  }
}

private struct ClosureJob: RegionJob {
  let body: (Worker) -> Void

  func run(_ worker: Worker) { body(worker) }
}

/// A thread of the system. On Darwin its name is a pointer, which nobody follows.
@safe
private struct SystemThread {
  #if canImport(Darwin)
    var name: pthread_t?
    func join() { if let name = unsafe name { unsafe _ = pthread_join(name, nil) } }
  #else
    var name = pthread_t()
    func join() { _ = pthread_join(name, nil) }
  #endif
}

/// What a new thread is told; it gives the memory back.
@unsafe
private struct Assignment {
  var region: UnsafeMutablePointer<ParallelRegion>
  var index: Int
}

private func startThread(serving region: UnsafeMutablePointer<ParallelRegion>, as index: Int) -> SystemThread?
{
  let assignment = UnsafeMutablePointer<Assignment>.allocate(capacity: 1)
  unsafe assignment.initialize(to: Assignment(region: region, index: index))
  var attributes = pthread_attr_t()
  unsafe _ = pthread_attr_init(&attributes)
  defer { unsafe _ = pthread_attr_destroy(&attributes) }
  // The systems' defaults differ from 128 KiB to 8 MiB.
  unsafe _ = pthread_attr_setstacksize(&attributes, 1 << 20)
  var thread = SystemThread()
  let status = unsafe pthread_create(&thread.name, &attributes, threadMain, assignment)
  guard status == 0 else {
    unsafe assignment.deallocate()
    return nil
  }
  return thread
}

#if canImport(Darwin)
  private func threadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    unsafe serve(argument)
    return nil
  }
#else
  private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument = unsafe argument { unsafe serve(argument) }
    return nil
  }
#endif

private func serve(_ argument: UnsafeMutableRawPointer) {
  let pointer = unsafe argument.assumingMemoryBound(to: Assignment.self)
  let assignment = unsafe pointer.move()
  unsafe pointer.deallocate()
  unsafe ParallelRegion.serve(assignment.region, index: assignment.index)
}
