import Commands
import Decoding
import Numerics

@main
enum Main {
    static func main() async {
        if DecoderChild.isWanted { DecoderChild.run() }
        GEMM.prepare()
        await CultivarCommand.runAndExit()
    }
}
