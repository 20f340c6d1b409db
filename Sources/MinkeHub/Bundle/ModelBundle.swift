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
  /// The program's own path comes from the system, or where that is not to be had, such as in a new root directory
  /// without `/proc`, from the way it was called.
  package static func running() throws(HubError) -> ModelBundle? {
    guard let path = runningProgram else { return nil }
    return try ModelBundle(path: path)
  }

  /// The path of the program that runs.
  package static var runningProgram: String? {
    if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
    if let path = Bundle.main.executablePath, FileSystem.exists(path) { return path }
    let called = CommandLine.arguments.first ?? ""
    return called.contains("/") && FileSystem.exists(called) ? called : nil
  }
}
