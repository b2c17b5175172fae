package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/curtaild/curtaild/energy"
)

const benchBatch = 10_000

// BenchmarkLogAppend appends batches and waits for each to be on disk, with
// fsync.
func BenchmarkLogAppend(b *testing.B) {
	for _, batch := range []int{17, 100, 1000, benchBatch} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			points := newPlant(1000).points(benchBatch)
			l, err := OpenLog(LogOptions{Dir: b.TempDir(), Interval: time.Hour})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				at := n % (benchBatch - batch + 1)
				l.Append(points[at : at+batch]...)
				if err := l.Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
				n += batch
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pts/s")
			b.ReportMetric(float64(l.Stats().Bytes)/float64(n), "B/pt")
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkBoltAppend is the baseline: the same points, as lines, in bbolt.
func BenchmarkBoltAppend(b *testing.B) {
	for _, batch := range []int{100, 1000, benchBatch} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			points := newPlant(1000).points(benchBatch)
			db, err := bolt.Open(filepath.Join(b.TempDir(), "points.db"), 0o600, nil)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				at := n % (benchBatch - batch + 1)
				if err := putBolt(db, points[at:at+batch]); err != nil {
					b.Fatal(err)
				}
				n += batch
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pts/s")
			var size int64
			_ = db.View(func(tx *bolt.Tx) error { size = tx.Size(); return nil })
			b.ReportMetric(float64(size)/float64(n), "B/pt")
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func putBolt(db *bolt.DB, points []energy.Point) error {
	return db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("points"))
		if err != nil {
			return err
		}
		bucket.FillPercent = 1
		var e encoder
		for i := range points {
			e.reset()
			e.add(&points[i])
			seq, _ := bucket.NextSequence()
			if err := bucket.Put(fmt.Appendf(nil, "%016x", seq), e.buf); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkLogDrain reads a log of 200,000 points back through a cursor.
func BenchmarkLogDrain(b *testing.B) {
	const total = 200_000
	l, err := OpenLog(LogOptions{Dir: b.TempDir(), Interval: time.Hour, MaxBuffered: 2 * total})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	l.Append(newPlant(1000).points(total)...)
	if err := l.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	n := 0
	for i := 0; b.Loop(); i++ {
		c, err := l.Cursor(fmt.Sprint(i))
		if err != nil {
			b.Fatal(err)
		}
		for got := 0; got < total; {
			batch, err := c.Next(b.Context(), 5000)
			if err != nil {
				b.Fatal(err)
			}
			c.Commit(batch.End)
			got += len(batch.Lines)
		}
		n += total
		_ = c.Close()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pts/s")
}
