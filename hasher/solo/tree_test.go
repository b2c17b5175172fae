package solo

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// Heights as BIP 34 has them, up to the point where they are opcodes.
func TestHeights(t *testing.T) {
	for height, want := range map[int64]string{
		1: "51", 16: "60", 17: "0111", 127: "017f", 128: "028000", 255: "02ff00", 256: "020001", 32767: "02ff7f", 32768: "03008000",
		227836: "03fc7903", 840000: "0340d10c", 8388607: "03ffff7f", 8388608: "0400008000",
	} {
		if got := hex.EncodeToString(pushHeight(height)); got != want {
			t.Errorf("%d: %s, want %s", height, got, want)
		}
	}
}

// Block 100000 of Bitcoin's chain.
func TestBranchOfARealBlock(t *testing.T) {
	var ids []work.Hash
	for _, s := range []string{
		"8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87", "fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
		"6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4", "e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
	} {
		h, err := displayed(s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, h)
	}
	root := ids[0]
	for _, b := range branch(ids[1:]) {
		root = work.Join(root, b)
	}
	if want, _ := displayed("f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766"); root != want {
		t.Errorf("root %x, want %x", root, want)
	}
}

// The branch leads to the root that the whole tree has, whatever its size.
func TestBranches(t *testing.T) {
	var level []work.Hash
	for n := 1; n < 40; n++ {
		level = append(level, work.Double([]byte{byte(n)}))
		root := level[0]
		for _, b := range branch(level[1:]) {
			root = work.Join(root, b)
		}
		tree := slices.Clone(level)
		for len(tree) > 1 {
			if len(tree)%2 == 1 {
				tree = append(tree, tree[len(tree)-1])
			}
			for i := range len(tree) / 2 {
				tree[i] = work.Join(tree[2*i], tree[2*i+1])
			}
			tree = tree[:len(tree)/2]
		}
		if root != tree[0] {
			t.Errorf("%d leaves: %x, want %x", n, root, tree[0])
		}
	}
}
