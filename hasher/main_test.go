package hasher

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

// The test binary is also the worker process, and a daemon to be killed.
const (
	asWorker = "hasher-test-worker"
	asDaemon = "hasher-test-daemon"
)

func TestMain(m *testing.M) {
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	var err error
	switch role {
	case asWorker:
		err = Worker(context.Background(), os.Stdin, os.Stdout)
	case asDaemon:
		err = daemon()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func workerCommand() *exec.Cmd { return exec.Command(os.Args[0], asWorker) }

// daemon hashes until it is killed. File 3 is handed on to the worker, so
// that whoever reads the other end sees when both are gone.
func daemon() error {
	statuses := make(chan energy.Status)
	p, err := NewPool(Config{
		Name: "cpu", Workers: 1, Power: Power{Core: 10}, Statuses: statuses,
		Command: func() *exec.Cmd {
			cmd := workerCommand()
			cmd.ExtraFiles = []*os.File{os.NewFile(3, "alive")}
			return cmd
		},
	})
	if err != nil {
		return err
	}
	p.Apply(energy.Setpoint{Seq: 1, Point: 10})
	go func() {
		for s := range statuses {
			if s.State == energy.StateRunning && s.Hashes > 0 {
				fmt.Println("running")
				return
			}
		}
	}()
	return p.Run(context.Background())
}
