internal import Foundation
package import MinkeCheckpoints

/// A program that carries a model, with what the store would know of that model.
package struct ModelBundle: Sendable {
  package let file: BundleFile
  package let manifest: Manifest

  /// The bundle at `path`; nil when the file there is none.
  ///
  /// - Throws: ``HubError/damagedBundle(_:)``, ``HubError/damagedManifest(path:detail:)``.
  package init?(path: String) throws(HubError) {
    let file: BundleFile?
    do {
      file = try BundleFile(path: path)
    } catch {
      throw .damagedBundle(error)
    }
    guard let file else { return nil }
    manifest = try Manifest(decoding: Data(file.manifest), path: path)
    guard manifest.files.map(\.size) == file.layout.files.map(\.count) else {
      throw .damagedManifest(path: path, detail: "the sizes of its files are not those in the bundle")
    }
    self.file = file
  }

  /// The bundle that this process was started from; nil when its program carries no model.
  ///
  /// - Throws: ``HubError/damagedBundle(_:)`` for one that is not as it should be.
  package init?(running path: String) throws(HubError) {
    do {
      try self.init(path: path)
    } catch .damagedBundle(let error) where error.kind == .unreadable {
      // A program may be run by those who may not read it.
      return nil
    }
  }

  /// The path of the program that runs: the system's word, or, where that is not to be had, such as in a new root
  /// directory without `/proc`, the path by which it was called.
  package static func runningProgram(calledAs word: String?) -> String? {
    #if canImport(Darwin)
      if let path = Bundle.main.executablePath { return path }
    #else
      // Not Foundation's main bundle: without `/proc` it ends the process.
      if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
        return path
      }
    #endif
    guard let word, word.contains("/"), FileSystem.exists(word) else { return nil }
    return word
  }
}
