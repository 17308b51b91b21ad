// Command audit is a checker of C2SP logs that is made of the code of others (filippo.io/torchwood and
// golang.org/x/mod): see README.md.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

type checkpoint struct {
	Name      string   `json:"name"`
	Origin    string   `json:"origin"`
	Key       string   `json:"key"`
	Witnesses []string `json:"witnesses"`
	Text      string   `json:"text"`
}

type proof struct {
	Name   string `json:"name"`
	Key    string `json:"key"`
	Number int64  `json:"number"`
	Record string `json:"record"`
	Text   string `json:"text"`
}

// A question is what `check` reads: a log, and what is said of it.
type question struct {
	Origin     string   `json:"origin"`
	Key        string   `json:"key"`
	Witnesses  []string `json:"witnesses"`
	Checkpoint string   `json:"checkpoint"`
	Proofs     []proof  `json:"proofs"`
	URL        string   `json:"url"` // where the log is served, if it is
	Records    []string `json:"records"`
}

func seed(n byte) []byte {
	return []byte(strings.Repeat(string(rune('a'+n)), ed25519.SeedSize))
}

// signer makes the signer of a log, whose key is always the same.
func signer(name string) (note.Signer, string) {
	private := ed25519.NewKeyFromSeed(seed(0))
	vkey := must(note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey)))
	hash := strings.Split(vkey, "+")[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed(0)...))
	return must(note.NewSigner("PRIVATE+KEY+" + name + "+" + hash + "+" + secret)), vkey
}

func vectors() {
	const origin = "log.example/audit"
	logSigner, key := signer(origin)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return
	})
	record := func(n int64) []byte { return fmt.Appendf(nil, "example.com/m v1.0.%d h1:x\n", n) }
	var out struct {
		Checkpoints []checkpoint `json:"checkpoints"`
		Proofs      []proof      `json:"proofs"`
	}
	for n := int64(1); n <= 300; n++ {
		stored = append(stored, must(tlog.StoredHashes(n-1, record(n-1), reader))...)
		if n != 1 && n != 2 && n != 255 && n != 256 && n != 300 {
			continue
		}
		text := torchwood.Checkpoint{Origin: origin, Tree: tlog.Tree{N: n, Hash: must(tlog.TreeHash(n, reader))}}.String()
		signed := must(note.Sign(&note.Note{Text: text}, logSigner))
		var keys []string
		signers := []note.Signer{logSigner}
		for i := range n % 3 {
			name := fmt.Sprintf("witness.example/w%d", i)
			cosigner := must(torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(seed(byte(i+1)))))
			signers = append(signers, cosigner)
			keys = append(keys, cosigner.Verifier().String())
		}
		cosigned := must(note.Sign(&note.Note{Text: text}, signers...))
		out.Checkpoints = append(out.Checkpoints,
			checkpoint{fmt.Sprintf("size %d", n), origin, key, []string{}, string(signed)},
			checkpoint{fmt.Sprintf("size %d, %d witnesses", n, len(keys)), origin, key, append([]string{}, keys...), string(cosigned)})
		for _, number := range []int64{0, n / 2, n - 1} {
			path := must(tlog.ProveRecord(n, number, reader))
			bare := torchwood.FormatProof(number, path, cosigned)
			extra := torchwood.FormatProofWithExtraData(number, record(number), path, signed)
			text := base64.StdEncoding.EncodeToString(record(number))
			out.Proofs = append(out.Proofs,
				proof{fmt.Sprintf("%d of %d", number, n), key, number, text, string(bare)},
				proof{fmt.Sprintf("%d of %d with its record", number, n), key, number, text, string(extra)})
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	must(0, encoder.Encode(out))
}

func check() {
	var asked question
	must(0, json.NewDecoder(os.Stdin).Decode(&asked))
	policies := []torchwood.Policy{
		torchwood.OriginPolicy(asked.Origin),
		torchwood.SingleVerifierPolicy(must(torchwood.NewLogVerifier(asked.Key))),
	}
	for _, key := range asked.Witnesses {
		policies = append(policies, torchwood.SingleVerifierPolicy(must(torchwood.NewCosignatureVerifier(key))))
	}
	policy := torchwood.ThresholdPolicy(len(policies), policies...)
	for _, each := range asked.Proofs {
		record := must(base64.StdEncoding.DecodeString(each.Record))
		must(0, torchwood.VerifyProof(policy, tlog.RecordHash(record), []byte(each.Text)))
		if torchwood.VerifyProof(policy, tlog.RecordHash(append(record, 'x')), []byte(each.Text)) == nil {
			log.Fatal("a proof proves everything")
		}
	}
	ctx := context.Background()
	text := []byte(asked.Checkpoint)
	var fetcher *torchwood.TileFetcher
	if asked.URL != "" {
		fetcher = must(torchwood.NewTileFetcher(asked.URL))
		text = must(fetcher.ReadEndpoint(ctx, "checkpoint"))
	}
	head, _, err := torchwood.VerifyCheckpoint(text, policy)
	must(0, err)
	if fetcher != nil {
		client := must(torchwood.NewClient(fetcher))
		n := 0
		for i, entry := range client.AllEntries(ctx, head.Tree, 0) {
			if asked.Records != nil && base64.StdEncoding.EncodeToString(entry) != asked.Records[i] {
				log.Fatalf("entry %d is %q", i, entry)
			}
			n++
		}
		must(0, client.Err())
		if int64(n) != head.N {
			log.Fatalf("%d entries of %d", n, head.N)
		}
	}
	fmt.Printf("%d records, %d proofs\n", head.N, len(asked.Proofs))
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "vectors" {
		vectors()
	} else if len(os.Args) == 2 && os.Args[1] == "lookup" {
		lookup()
	} else if len(os.Args) == 2 && os.Args[1] == "check" {
		check()
	} else {
		log.Fatal("usage: audit vectors|check|lookup")
	}
}
