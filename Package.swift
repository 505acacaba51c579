// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with these.
var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
// Tests look inside the modules and run optimised. What is installed is built without; `make test` and `make fuzz` have
// folders of their own.
if Context.environment["CULTIVAR_TESTING"] ?? Context.environment["CULTIVAR_FUZZING"] != nil {
    settings.append(.unsafeFlags(["-enable-testing"], .when(configuration: .release)))
}

/// Targets whose inner loops are arithmetic: unoptimised they are 40 times slower, too slow for a debug test.
let numericSettings: [SwiftSetting] = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "cultivar",
    products: [.executable(name: "cultivar", targets: ["cultivar"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    // In the order of the layers: each imports only what stands below it (`scripts/modules` checks it).
    targets: [
        .executableTarget(
            name: "cultivar", dependencies: ["Commands", "Decoding", "Numerics"],
            swiftSettings: settings),
        .target(
            name: "Commands",
            dependencies: [
                "Archive", "Daemon", "Decoding", "Doctor", "Installation", "Intake", "Learning", "Networks", "Outbox",
                "Records", "Settings", "Status", "System", "Training", "Workers", argumentParser, logging,
                systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Daemon",
            dependencies: [
                "Archive", "Installation", "Intake", "Records", "Settings", "Status", "System", "Training", "Workers",
                logging, serviceLifecycle, systemPackage, unixSignals,
            ],
            swiftSettings: settings),
        .target(
            name: "Doctor",
            dependencies: [
                "Archive", "Installation", "Intake", "Outbox", "Records", "Settings", "System", "Training", "Workers",
                systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Training",
            dependencies: [
                "Archive", "Decoding", "Installation", "Learning", "Networks", "Numerics", "ONNX", "Outbox", "Pictures",
                "Records", "Settings", "Status", "System", "Workers", logging, systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Installation",
            dependencies: [
                "Archive", "Decoding", "Learning", "Networks", "Outbox", "Settings", "Status", "System", "Workers",
                logging, systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Status", dependencies: ["Intake", "Records", "System", systemPackage], swiftSettings: settings),
        .target(
            name: "Settings",
            dependencies: [
                "Decoding", "Intake", "Learning", "Networks", "Pictures", "System", configuration, "Yams",
                systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Outbox",
            dependencies: [
                "Decoding", "Learning", "Networks", "Numerics", "ONNX", "Pictures", "Records", "System", "Workers",
                systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Intake",
            dependencies: [
                "Archive", "CInotifyTools", "Decoding", "Records", "System", "Workers", logging, systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Decoding",
            dependencies: [
                "Archive", "CImageCodecs", "CSandbox", "Pictures", "Records", "System", "Workers", systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Archive",
            dependencies: [
                "Records", "System", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"), systemPackage,
            ],
            swiftSettings: settings),
        .target(
            name: "Learning", dependencies: ["CKernels", "Numerics", "Records", "Workers"],
            swiftSettings: numericSettings),
        .target(name: "Records", dependencies: ["System"], swiftSettings: settings),
        .target(
            name: "Networks",
            dependencies: ["CKernels", "Numerics", "ONNX", "System", systemPackage],
            swiftSettings: numericSettings),
        .target(
            name: "Pictures", dependencies: ["CPixels", "Numerics"], swiftSettings: numericSettings),
        .target(
            name: "ONNX", dependencies: ["System", protobuf, systemPackage], exclude: ["onnx.proto"],
            swiftSettings: settings),
        .target(name: "Numerics", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: numericSettings),
        .target(name: "Workers", swiftSettings: settings),
        .target(name: "System", dependencies: ["CPlatform", systemPackage], swiftSettings: settings),
        .target(name: "CKernels"),
        .target(name: "CPixels"),
        .target(name: "CSandbox"),
        .target(name: "CImageCodecs", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        .systemLibrary(name: "CPlatform", providers: [.apt(["libssl-dev"])]),
    ]
)

// Not part of what is installed: Cultivar's side of `make bench`, and what tests share.
package.targets += [
    .executableTarget(
        name: "cultivar-bench",
        dependencies: [
            "Decoding", "Learning", "Networks", "Numerics", "Pictures", "Settings", "Workers", systemPackage,
        ],
        path: "Benchmarks/Driver", swiftSettings: settings),
    .target(
        name: "TestInstallations",
        dependencies: [
            "Archive", "Installation", "Learning", "Networks", "Numerics", "ONNX", "Outbox", "Records", "Settings",
            "Status", "System", "TestSupport", "Training", "Workers", logging, systemPackage,
        ],
        swiftSettings: settings),
    .target(
        name: "TestSupport",
        dependencies: [
            "Decoding", "Intake", "Learning", "Numerics", "Pictures", "Settings", "System", systemPackage,
        ],
        swiftSettings: settings),
]

/// Tests that compare with values which others' software has made; they find the files by path, not in a bundle.
let testsWithResources = ["Decoding", "Pictures", "Networks", "Learning", "Outbox"]

/// What some tests need beside their module: decoder processes, which are the program itself, or an installation with
/// pictures and a backbone in it.
let testDependencies: [String: [Target.Dependency]] = [
    "Decoding": ["cultivar"], "Intake": ["cultivar"], "Networks": ["Workers"], "Pictures": ["Decoding"],
    "Training": ["TestInstallations", "cultivar"], "Doctor": ["TestInstallations"],
    "Daemon": ["TestInstallations"],
]

for name in [
    "System", "Workers", "Numerics", "ONNX", "Pictures", "Networks", "Records", "Learning", "Archive", "Decoding",
    "Intake", "Outbox", "Settings", "Status", "Training", "Doctor", "Daemon", "Commands",
] {
    package.targets.append(
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.byName(name: name), "TestSupport"] + testDependencies[name, default: []],
            exclude: testsWithResources.contains(name) ? ["Resources"] : [], swiftSettings: settings))
}
package.targets.append(
    .testTarget(
        name: "EndToEndTests", dependencies: ["cultivar", "Numerics", "ONNX", "Outbox", "Pictures", "TestSupport"],
        swiftSettings: settings))

// Only for `make fuzz`, which builds into a folder of its own: a product with sanitizers in it is none.
if Context.environment["CULTIVAR_FUZZING"] != nil {
    // Those that read strangers' bytes. CKernels' loops for three instruction sets would take the compiler minutes.
    let watched = ["CImageCodecs", "CPixels", "Decoding", "Intake", "Networks", "ONNX", "Pictures", "Settings"]
    for target in package.targets where watched.contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer,address"])]
        target.cSettings = [
            .unsafeFlags(["-fsanitize=fuzzer-no-link,address,undefined", "-fsanitize-trap=undefined"])
        ]
    }
    package.targets += [
        .executableTarget(
            name: "cultivar-fuzz",
            dependencies: [
                "CLibFuzzer", "Decoding", "Networks", "Numerics", "ONNX", "Pictures", "Settings",
            ],
            path: "Fuzzing/Driver",
            swiftSettings: settings + [.unsafeFlags(["-sanitize=fuzzer,address"])],
            // ld.gold can't read the sanitizers' debug information.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        ),
        .systemLibrary(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
    ]
}
