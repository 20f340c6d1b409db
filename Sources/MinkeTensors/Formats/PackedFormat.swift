package import CMinkeKernels

/// The layouts of weights that kernels multiply by: the stored types in 32-row panels.
///
/// Formats differ in code width (2 to 8 bits), in whether codes are places in a codebook, in where scales lie (an f16
/// or bf16 for 32 elements, an f16 for 256, or small integers under it), in the zero point and in the kind of minimum.
package struct PackedFormat: Equatable, Sendable {
  package let kernelFormat: minke_packed_format

  package init(_ type: ElementType) {
    var format = MINKE_PACKED_F32
    let known = unsafe minke_packed_format_for(type.rawValue, &format)
    precondition(known, "every element type has a packed format")
    kernelFormat = format
  }

  /// Whether products read quantised activations rather than floats.
  package var isInteger: Bool { minke_format_is_integer(kernelFormat) }

  /// Rows that lie interleaved in one panel.
  package static var panelRows: Int { Int(MINKE_PANEL_ROWS) }

  /// Bytes of one panel of rows of `columns` elements.
  package func panelByteCount(columns: Int) -> Int { minke_panel_bytes(kernelFormat, columns) }
}
