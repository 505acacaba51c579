import Foundation
import Pictures
import SystemPackage
import TestSupport

@testable import Decoding

/// The picture in a PNG file of Resources.
func resourcePicture(_ name: String) throws -> RGBImage {
    let file = try Locations.bytes(of: Locations.resources().appending(name))
    return try PictureDecoder(limits: .usual).decode(file).image
}

/// A JSON file of Resources, with base64 for data.
func resource<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file = try Locations.bytes(of: Locations.resources().appending("\(name).json"))
    return try decoder.decode(type, from: Data(file))
}
