package import Records
package import System

extension LabelName {
    /// The label for a folder's name; a name that isn't UTF-8 is escaped first.
    package init(_ folder: RawPath) throws(LayoutFault) {
        do throws(LabelFault) {
            try self.init(spelling: String(validating: folder.bytes, as: UTF8.self) ?? folder.escaped)
        } catch {
            throw .noLabelName(folder: folder, error)
        }
    }
}
