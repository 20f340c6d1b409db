internal import Dispatch
internal import MinkeCheckpoints
internal import MinkeModels
internal import MinkeTensors

/// A model's weights and the memory its passes work in, used by one job at a time on a queue of its own.
final class Engine: @unchecked Sendable {
  // Sendable by hand: the workspace is touched only inside jobs, which the queue runs one after the other.

  let transformer: Transformer
  let workspace: Workspace
  private let keys: CacheElement
  private let values: CacheElement
  private let queue = DispatchQueue(label: "minke.engine", qos: .userInitiated)

  init(
    _ file: any Checkpoint, threadCount: Int, keys: CacheElement, values: CacheElement, packCache: PackCache?,
    expertBudget: Int? = nil
  ) throws {
    self.keys = keys
    self.values = values
    transformer = try Transformer(
      file, pool: WorkerPool(threadCount: threadCount), packCache: packCache, expertBudget: expertBudget)
    workspace = try transformer.makeWorkspace()
  }

  /// An empty cache for a sequence of up to `capacity` tokens, of the types the model was loaded with.
  func makeCache(capacity: Int) throws -> KVCache {
    try transformer.makeCache(capacity: capacity, keys: keys, values: values)
  }

  /// Runs a job after those that were submitted before it.
  func submit(_ job: @escaping @Sendable () -> Void) {
    queue.async(execute: job)
  }

  /// Runs a job and waits for it. Not to be called from a job.
  func perform<Result, Failure: Error>(_ job: () throws(Failure) -> Result) throws(Failure) -> Result {
    let result: Swift.Result<Result, Failure> = queue.sync {
      do throws(Failure) { return .success(try job()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
