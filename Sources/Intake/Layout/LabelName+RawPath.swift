package import Archive
package import System

extension LabelName {
    /// The label that a folder's name makes; one that is no UTF-8 is escaped first.
    package init(_ folder: RawPath) throws(LayoutFault) {
        do throws(LabelFault) {
            try self.init(spelling: String(validating: folder.bytes, as: UTF8.self) ?? folder.escaped)
        } catch {
            throw .noLabelName(folder: folder, error)
        }
    }
}
