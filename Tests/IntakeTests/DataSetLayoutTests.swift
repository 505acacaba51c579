import System
import Testing

@testable import Intake

@Suite("Layouts of data sets as others publish them")
struct DataSetLayoutTests {
    /// A drop with these folders, each with what becomes of the pictures in it, and what is said of it as a whole.
    struct DataSet: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let drop: String
        let folders: [(String, String)]
        let understanding: String
        var warnings: [String] = []
    }

    @Test(
        "Each has the labels and splits that a person reads from it",
        arguments: [
            DataSet(
                testDescription: "Roboflow", drop: "fruit.v3i.folder",
                folders: [
                    ("README.roboflow.txt", ""), ("train/apple", "apple train"), ("train/fig", "fig train"),
                    ("valid/apple", "apple train"), ("valid/fig", "fig train"), ("test/apple", "apple test"),
                    ("test/fig", "fig test"),
                ],
                understanding: "train/, valid/ and test/, 2 labels"),
            DataSet(
                testDescription: "Roboflow without a test set", drop: "roboflow",
                folders: [("train/apple", "apple train"), ("valid/apple", "apple test")],
                understanding: "train/ and valid/, 1 label"),
            DataSet(
                testDescription: "Kaggle, with its folders twice", drop: "intel",
                folders: [
                    ("archive/seg_train/seg_train/sea", "sea train"),
                    ("archive/seg_train/seg_train/forest", "forest train"),
                    ("archive/seg_test/seg_test/sea", "sea test"),
                    ("archive/seg_test/seg_test/forest", "forest test"),
                    ("archive/seg_pred/seg_pred", "no label below seg_pred"),
                ],
                understanding: "seg_train/, seg_test/ and seg_pred/, 2 labels, wrapped in archive/"),
            DataSet(
                testDescription: "Kaggle, training_set", drop: "pets",
                folders: [
                    ("training_set/training_set/cats", "cats train"), ("training_set/training_set/dogs", "dogs train"),
                    ("test_set/test_set/cats", "cats test"), ("test_set/test_set/dogs", "dogs test"),
                ],
                understanding: "training_set/ and test_set/, 2 labels"),
            DataSet(
                testDescription: "Kaggle, the whole data set twice", drop: "d",
                folders: [
                    ("chest_xray/train/NORMAL", "NORMAL train"), ("chest_xray/test/NORMAL", "NORMAL test"),
                    ("chest_xray/chest_xray/train/NORMAL", "NORMAL train"),
                    ("chest_xray/chest_xray/train/PNEUMONIA", "PNEUMONIA train"),
                ],
                understanding: "train/ and test/, 2 labels, wrapped in chest_xray/ and chest_xray/chest_xray/"),
            DataSet(
                testDescription: "Keras", drop: "flower_photos",
                folders: [("LICENSE.txt", ""), ("daisy", "daisy"), ("roses", "roses"), ("tulips", "tulips")],
                understanding: "3 labels"),
            DataSet(
                testDescription: "torchvision's ImageFolder", drop: "d",
                folders: [
                    ("root/train/n01440764", "n01440764 train"), ("root/train/n01443537", "n01443537 train"),
                    ("root/val/n01440764", "n01440764 test"), ("root/val/n01443537", "n01443537 test"),
                ],
                understanding: "train/ and val/, 2 labels, wrapped in root/"),
            DataSet(
                testDescription: "Hugging Face's imagefolder", drop: "repository",
                folders: [
                    ("data/train/cat", "cat train"), ("data/train/dog", "dog train"), ("data/test/cat", "cat test"),
                    ("data/test/dog", "dog test"),
                ],
                understanding: "train/ and test/, 2 labels, wrapped in data/"),
            DataSet(
                testDescription: "ImageNet, validation and test pictures without labels", drop: "imagenet",
                folders: [
                    ("ILSVRC/Data/CLS-LOC/train/n01440764", "n01440764 train"),
                    ("ILSVRC/Data/CLS-LOC/train/n01443537", "n01443537 train"),
                    ("ILSVRC/Data/CLS-LOC/val", "no label below val"),
                    ("ILSVRC/Data/CLS-LOC/test", "no label below test"),
                ],
                understanding: "train/, val/ and test/, 2 labels, wrapped in ILSVRC/Data/CLS-LOC/"),
            DataSet(
                testDescription: "Tiny ImageNet", drop: "tiny-imagenet-200",
                folders: [
                    ("train/n01443537/images", "n01443537 train"), ("train/n01629819/images", "n01629819 train"),
                    ("val/images", "no label below val"), ("test/images", "no label below test"),
                ],
                understanding: "train/, val/ and test/, 2 labels"),
            DataSet(
                testDescription: "a Windows zip's folder", drop: "photos",
                folders: [("photos/cat", "cat"), ("photos/dog", "dog")], understanding: "2 labels, wrapped in photos/"),
            DataSet(
                testDescription: "a Windows zip's folder, the second copy", drop: "photos (1)",
                folders: [("photos/cat", "cat"), ("photos/dog/old", "dog")],
                understanding: "2 labels, wrapped in photos/"),
            DataSet(
                testDescription: "a forge's zip", drop: "flowers-main",
                folders: [("flowers/daisy", "daisy"), ("flowers/rose", "rose")],
                understanding: "2 labels, wrapped in flowers/"),
            DataSet(
                testDescription: "label above split", drop: "d",
                folders: [
                    ("cats/train", "cats train"), ("cats/test", "cats test"), ("dogs/train", "dogs train"),
                    ("dogs/test/more", "dogs test"), ("birds", "birds"),
                ],
                understanding: "3 labels above train/ and test/"),
            DataSet(
                testDescription: "label above split, wrapped", drop: "d",
                folders: [
                    ("pets/cats/train", "cats train"), ("pets/dogs/train", "dogs train"),
                    ("pets/dogs/val", "dogs test"),
                ],
                understanding: "2 labels above train/ and val/, wrapped in pets/"),
            DataSet(
                testDescription: "two wrappers", drop: "d",
                folders: [("archive/dataset/train/cat", "cat train"), ("archive/dataset/test/dog", "dog test")],
                understanding: "train/ and test/, 2 labels, wrapped in archive/dataset/"),
            DataSet(
                testDescription: "one class", drop: "d",
                folders: [("train/cat", "cat train"), ("test/cat", "cat test")],
                understanding: "train/ and test/, 1 label"),
            DataSet(
                testDescription: "one class, as the drop", drop: "cat", folders: [("", "cat")],
                understanding: "the drop's name as label"),
            DataSet(
                testDescription: "Train Set and Test Set", drop: "d",
                folders: [
                    ("Train Set/cat", "cat train"), ("Train Set/dog", "dog train"), ("Test Set/cat", "cat test"),
                    ("Test Set/dog", "dog test"),
                ],
                understanding: "Train Set/ and Test Set/, 2 labels"),
            DataSet(
                testDescription: "car, plane, train, boat", drop: "vehicles",
                folders: [("car", "car"), ("plane", "plane"), ("train", "train"), ("boat", "boat")],
                understanding: "4 labels", warnings: ["split_name_beside_classes"]),
            DataSet(
                testDescription: "car, plane, train, boat, in splits", drop: "vehicles",
                folders: [
                    ("train/car", "car train"), ("train/train", "train train"), ("test/car", "car test"),
                    ("test/train", "train test"),
                ],
                understanding: "train/ and test/, 2 labels", warnings: ["label_is_split_name"]),
            DataSet(
                testDescription: "training, testing and validation", drop: "d",
                folders: [
                    ("training/W-Apple", "W-Apple train"), ("training/W-Banana", "W-Banana train"),
                    ("testing/W-Apple", "W-Apple test"), ("testing/W-Banana", "W-Banana test"),
                    ("validation/W-Apple", "W-Apple train"), ("validation/W-Banana", "W-Banana train"),
                ],
                understanding: "training/, validation/ and testing/, 2 labels"),
            DataSet(
                testDescription: "a wrapper's folder", drop: "wrapper_folder",
                folders: [
                    ("archive/train/Z-Apple", "Z-Apple train"), ("archive/train/Z-Banana", "Z-Banana train"),
                    ("archive/test/Z-Apple", "Z-Apple test"), ("archive/test/Z-Banana", "Z-Banana test"),
                ],
                understanding: "train/ and test/, 2 labels, wrapped in archive/"),
            DataSet(
                testDescription: "several deliveries in one", drop: "d",
                folders: [
                    ("part1/train/cat", "cat train"), ("part1/test/cat", "cat test"), ("part2/train/dog", "dog train"),
                ],
                understanding: "train/ and test/, 2 labels, wrapped in part1/ and part2/"),
            DataSet(
                testDescription: "pictures in folders of their own below the splits", drop: "d",
                folders: [("train/images/cat", "cat train"), ("test/images/dog", "dog test")],
                understanding: "train/ and test/, 2 labels"),
            DataSet(
                testDescription: "boxes instead of labels", drop: "d",
                folders: [("train/images", "images train"), ("valid/images", "images test")],
                understanding: "train/ and valid/, 1 label", warnings: ["label_says_nothing"]),
            DataSet(
                testDescription: "boxes instead of labels, wrapped", drop: "d",
                folders: [("archive/train/images", "images train"), ("archive/test/images", "images test")],
                understanding: "train/ and test/, 1 label, wrapped in archive/", warnings: ["label_says_nothing"]),
            DataSet(
                testDescription: "a label of several folders", drop: "d",
                folders: [("fruit/apple", "fruit"), ("fruit/banana", "fruit")], understanding: "1 label",
                warnings: ["only_label_has_folders"]),
            DataSet(
                testDescription: "labels in the files' names", drop: "d",
                folders: [("dogs-vs-cats/train", "dogs-vs-cats train"), ("dogs-vs-cats/test1", "dogs-vs-cats test")],
                understanding: "1 label above train/ and test1/", warnings: ["only_label_above_splits"]),
            DataSet(
                testDescription: "splits without labels, wrapped", drop: "d",
                folders: [("archive/train", "no label below train"), ("archive/test", "no label below test")],
                understanding: "train/ and test/, no labels, wrapped in archive/"),
            DataSet(
                testDescription: "first tries", drop: "d", folders: [("test1", "test1"), ("test2", "test2")],
                understanding: "2 labels", warnings: ["split_name_beside_classes"]),
            DataSet(
                testDescription: "a label beside splits, wrapped", drop: "d",
                folders: [
                    ("data/train/n01440764", "n01440764 train"), ("data/val/n01440764", "n01440764 test"),
                    ("data/ILSVRC", "ILSVRC"),
                ],
                understanding: "train/ and val/, 2 labels, wrapped in data/", warnings: ["labels_beside_splits"]),
            DataSet(
                testDescription: "folds", drop: "d",
                folders: [("fold1/cat", "fold1"), ("fold1/dog", "fold1"), ("fold2/cat", "fold2")],
                understanding: "2 labels", warnings: ["labels_have_folders"]),
            DataSet(
                testDescription: "kinds of kinds", drop: "d",
                folders: [("trains/thomas", "trains"), ("cars/bmw", "cars")],
                understanding: "2 labels", warnings: ["labels_have_folders"]),
            DataSet(
                testDescription: "splits by animal", drop: "d",
                folders: [
                    ("cat_train", "cat_train"), ("cat_test", "cat_test"), ("dog_train", "dog_train"),
                    ("dog_test", "dog_test"),
                ],
                understanding: "4 labels", warnings: ["label_is_split_name"]),
        ])
    func dataSet(_ set: DataSet) {
        let files = set.folders.filter { !$0.1.isEmpty }.map { ($0.0.isEmpty ? "1.jpg" : "\($0.0)/1.jpg", $0.1) }
        let texts = set.folders.filter(\.1.isEmpty).map(\.0)
        let paths = files.map(\.0) + texts
        #expect(Array(place(set.drop, paths).prefix(files.count)) == files.map(\.1))
        #expect(understanding(set.drop, paths) == set.understanding)
        #expect(warnings(set.drop, paths) == set.warnings)
    }

    @Test("A macOS zip's second folder is clutter, and isn't looked at")
    func macOS() {
        let paths = ["photos/cat/1.jpg", "photos/dog/2.jpg", "__MACOSX/photos/cat/._1.jpg"]
        let taken = paths.filter { path in
            NameRules().standing(of: RawPath(path), in: RawPath("d"), isFolder: false) == .takeable
        }
        #expect(place("photos", taken) == ["cat", "dog"])
    }

    @Test(
        "Names of splits in every spelling",
        arguments: [
            "train", "TRAIN", "Training", "train_2", "Train Set", "trainset", "train-data", "train images", "train2017",
            "training_images", "traindata", "train_224x224", "train (1)", "train-v2", "Training Dataset",
        ])
    func trainNames(_ name: String) { #expect(place("d", ["\(name)/cat/1", "test/cat/2"])[0] == "cat train") }

    @Test(
        "So for tests",
        arguments: [
            "test", "Testing", "eval", "Evaluation", "holdout", "hold-out", "test-images", "TestSet", "test_set", "val",
            "valid", "validation", "valset", "Validation Set", "dev", "devset", "dev-data",
        ])
    func testNames(_ name: String) { #expect(place("d", ["train/cat/1", "\(name)/cat/2"])[1] == "cat test") }

    @Test(
        "Words that only begin like a split's name are labels",
        arguments: [
            "trainer", "trains", "training ground", "testudo", "tests", "test tube", "testament", "development",
            "device", "devil", "value", "valley", "valve", "validator", "evaluator", "holdouts", "protest", "my train",
            "test settings", "contest",
        ])
    func ordinaryWords(_ name: String) {
        #expect(place("d", ["\(name)/inner/1", "cat/2"]) == [name, "cat"])
        #expect(warnings("d", ["\(name)/inner/1", "cat/2"]).isEmpty)
    }

    @Test(
        "Labels that are splits but for decoration are told",
        arguments: [
            ["train 80%", "test 20%"], ["1_train", "2_test"], ["train.zip", "validate"], ["cat_train", "cat_test"],
            ["catTrain", "catTest"], ["my train set", "my test set"], ["cat_train", "cat_test", "birds"],
            ["train-final", "val-old"], ["TRAIN (80%)", "TEST (20%)", "notes"], ["Train_été", "Test_été"],
        ])
    func decorated(_ names: [String]) {
        let paths = names.map { "\($0)/1" }
        #expect(place("d", paths) == names)
        #expect(warnings("d", paths) == ["label_is_split_name"])
        #expect(warnings("d", paths, .off).isEmpty)
        #expect(warnings("d", paths, .named(["seg_train"])).isEmpty)
    }

    @Test(
        "Words with a split's in them, which don't make splits of each other, aren't told",
        arguments: [
            ["training shoes", "boots"], ["trainer", "protest", "test settings"], ["steam train", "test tube", "car"],
            ["steam train", "express train"], ["contest", "constrain"], ["training ground", "playground"],
            ["trainers", "testers"], ["big train station", "big test station", "big"],
        ])
    func undecorated(_ names: [String]) { #expect(warnings("d", names.map { "\($0)/1" }).isEmpty) }

    @Test("Decorated and plain names of splits, and those of labels in splits, are told together")
    func decoratedBesidePlain() {
        #expect(warnings("d", ["train.zip/1", "test/2"]) == ["label_is_split_name", "split_name_beside_classes"])
        #expect(warnings("d", ["train/cat_train/1", "test/cat_test/2"]) == ["label_is_split_name"])
    }

    @Test("Folders in labels are told where they are the same in several, or all that the labels hold")
    func folders() {
        let told = ["labels_have_folders"]
        #expect(warnings("d", ["fold1/0/1", "fold1/1/2", "fold2/0/3", "fold2/1/4"]) == told)
        #expect(warnings("d", ["fold1/Cat/1", "fold1/dog/2", "fold2/cat/3", "fold3/4"]) == told)
        #expect(warnings("d", ["train/a/cat/1", "train/a/dog/2", "train/b/cat/3"]) == told)
        #expect(warnings("d", ["a/cat/1", "b/fish/2", "c/3"]).isEmpty)
        #expect(warnings("d", ["cat/old/1", "cat/2", "dog/3"]).isEmpty)
        #expect(warnings("d", ["cat/originals/1", "dog/originals/2"]).isEmpty)
        #expect(warnings("d", ["cat/images/1", "dog/images/2", "cat/photos/3", "dog/photos/4"]).isEmpty)
        #expect(warnings("d", ["cat/2023-05-01/1", "dog/2024/2"]).isEmpty)
        #expect(warnings("d", ["train/cat/a/1", "test/cat/a/2", "test/cat/b/3", "test/dog/4"]).isEmpty)
        #expect(warnings("d", ["cats/train/1", "cats/test/2", "dogs/train/3", "dogs/test/4"], .off).isEmpty)
    }

    @Test("Splits with something before the word need each other")
    func prefixes() {
        #expect(place("d", ["cifar_train/cat/1", "cifar_test/cat/2"]) == ["cat train", "cat test"])
        #expect(place("d", ["blood test/a/1", "steam train/a/2"]) == ["blood test", "steam train"])
        #expect(place("d", ["steam train/1", "steam test/2"]) == ["steam train", "steam test"])
    }

    @Test("A class with folders for splits stays one beside other classes")
    func splitsInOneClass() {
        #expect(place("d", ["cat/1", "dog/train/poodle/2"]) == ["cat", "dog train"])
        #expect(place("d", ["car/1", "train/2", "train/steam/3"]) == ["car", "train", "train"])
    }

    @Test("Folders that the setting doesn't name are no splits, and with `off` none is")
    func setting() throws {
        let paths = ["train/cat/1", "valid/cat/2"]
        #expect(place("d", paths, .off) == ["train", "valid"])
        #expect(place("d", paths, try SplitFolders(texts: ["off"])) == ["train", "valid"])
        #expect(place("d", paths, .named(["Train"])) == ["cat train", "valid"])
        #expect(place("d", ["seg_train/cat/1", "x/2"], .named(["seg_train"])) == ["cat train", "x"])
        #expect(place("train", ["cat/1"], .off) == ["cat"])
        #expect(throws: UnknownSplit(name: "fruit")) { try SplitFolders(texts: ["train", "fruit"]) }
        #expect(throws: UnknownSplit(name: "auto")) { try SplitFolders(texts: ["auto", "off"]) }
        #expect(throws: UnknownSplit(name: "[]")) { try SplitFolders(texts: []) }
        #expect(try SplitFolders(texts: ["Train", "valid"]).texts == ["Train", "valid"])
    }

    @Test("A warning is one sentence that names the folders, escaped, and not all of hundreds")
    func sentences() {
        let paths = (0..<100).map { RawPath("train\($0)/1") } + [RawPath("x\u{1B}/1")]
        let layout = DropLayout(name: RawPath("d"), paths: paths)
        #expect(
            layout.warnings.map(\.description) == [
                "train0/, train1/, train10/, train11/ and 96 more are understood as labels, not as a split: pictures are "
                    + "directly in there, beside other classes"
            ])
        func said(_ paths: [String]) -> [String] {
            DropLayout(name: RawPath("d"), paths: paths.map { RawPath($0) }).warnings.map(\.description)
        }
        #expect(
            said(["fruit/apple/1", "fruit/fig/2"]) == [
                "all pictures have the label fruit, but apple/ and fig/ in it look like labels; the pictures of this "
                    + "drop keep that label, and if the folders are labels, drop the next ones without fruit/ around them"
            ])
        #expect(
            said(["fold1/cat/1", "fold1/dog/2", "fold2/cat/3", "x/4"]) == [
                "fold1/ and fold2/ are understood as labels, but cat/ in them looks like a label; the pictures of this "
                    + "drop keep these labels, and if the inner folders are labels, drop the next ones without the outer ones"
            ])
        let wrapped = DropLayout(name: RawPath("d"), paths: [RawPath("a\u{1B}/train/cat/1")])
        #expect(wrapped.understanding == "train/, 1 label, wrapped in a\\x1b/")
    }
}
