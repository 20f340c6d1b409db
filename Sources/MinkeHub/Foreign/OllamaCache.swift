internal import Foundation

/// Ollama's folder: `manifests/<host>/<namespace>/<model>/<tag>`, each JSON that names `blobs/sha256-<digits>`.
struct OllamaCache {
  /// Without links.
  let root: String

  private struct Manifest: Decodable {
    struct Layer: Decodable {
      var mediaType: String
      var digest: String
    }
    var layers: [Layer]
  }

  private static let manifestLimit = 1 << 20
  private static let weights = "application/vnd.ollama.image.model"

  func models() -> [ForeignCache.Model] {
    var found: [ForeignCache.Model] = []
    var count = 0
    for host in names("manifests") {
      for namespace in names("manifests/" + host) {
        for model in names("manifests/\(host)/\(namespace)") {
          for tag in names("manifests/\(host)/\(namespace)/\(model)") {
            count += 1
            guard count <= ForeignCache.fileLimit else { return found }
            let place = "manifests/\(host)/\(namespace)/\(model)/\(tag)"
            guard let file = weights(place) else { continue }
            let isLibrary = host == "registry.ollama.ai" && namespace == "library"
            let folder = isLibrary ? "" : (host == "registry.ollama.ai" ? "" : host + "/") + namespace + "/"
            found.append(
              ForeignCache.Model(
                program: .ollama, name: folder + model + ":" + tag, path: file.path, size: file.size,
                digest: file.digest, repository: nil, quantization: nil))
          }
        }
      }
    }
    return found
  }

  private func names(_ folder: String) -> [String] {
    FileSystem.names(inDirectory: root + "/" + folder).filter { FileName.isPlain($0) }
  }

  /// The blob with the weights that a manifest names. A model in several blobs is passed over.
  private func weights(_ place: String) -> (path: String, size: Int, digest: SHA256Digest)? {
    guard let path = ForeignCache.confined(root + "/" + place, to: root),
      let size = FileSystem.size(ofFile: path), size <= Self.manifestLimit,
      let data = try? FileSystem.read(path),
      let manifest = try? JSONDecoder().decode(Manifest.self, from: data)
    else { return nil }
    let layers = manifest.layers.filter { $0.mediaType == Self.weights }
    guard layers.count == 1, layers[0].digest.hasPrefix("sha256:"),
      let digest = try? SHA256Digest(hex: String(layers[0].digest.dropFirst(7))),
      let blob = ForeignCache.confined(root + "/blobs/sha256-" + digest.hex, to: root),
      let bytes = FileSystem.size(ofFile: blob)
    else { return nil }
    return (blob, bytes, digest)
  }
}
