package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sys/unix"
)

// maxBody bounds a request's body. The largest that we take has one field.
const maxBody = 4 << 10

// Server serves the API until its Close.
type Server struct {
	servers []*http.Server
	done    chan struct{}
}

// Listen serves the API of d on a unix socket, and what only reads also on a
// TCP address, unless that is empty.
func Listen(d Daemon, socket, tcp string, log *slog.Logger) (*Server, error) {
	local, err := listenUnix(socket)
	if err != nil {
		return nil, err
	}
	s := &Server{done: make(chan struct{})}
	listeners := []net.Listener{local}
	handlers := []http.Handler{full(d)}
	if tcp != "" {
		l, err := net.Listen("tcp", tcp)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for HTTP: %w", err), local.Close())
		}
		listeners, handlers = append(listeners, l), append(handlers, readOnly(d))
	}
	left := make(chan struct{}, len(listeners))
	for i, l := range listeners {
		srv := &http.Server{
			Handler:           handlers[i],
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
			ConnContext:       withPeer,
		}
		s.servers = append(s.servers, srv)
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				log.Error("serve HTTP", "addr", l.Addr().String(), "err", err)
			}
			left <- struct{}{}
		}()
	}
	go func() {
		for range listeners {
			<-left
		}
		close(s.done)
	}()
	return s, nil
}

// Close ends the server: requests under way get until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	for _, srv := range s.servers {
		if err := srv.Shutdown(ctx); err != nil {
			errs = append(errs, err, srv.Close())
		}
	}
	<-s.done
	return errors.Join(errs...)
}

// listenUnix takes the socket's place, also where a killed daemon has left
// its own behind. The state folder's lock keeps a living one's from us.
func listenUnix(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the socket's folder: %w", err)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("listen on %s: another program answers there", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for the API: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("set the socket's mode: %w", err), l.Close())
	}
	return l, nil
}

func readOnly(d Daemon) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, d.Status()) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := d.Alive(ctx); err != nil {
			fail(w, http.StatusServiceUnavailable, err)
			return
		}
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry(d), promhttp.HandlerOpts{}))
	return mux
}

func full(d Daemon) *http.ServeMux {
	mux := readOnly(d)
	mux.HandleFunc("PUT /v1/hold", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			All string `json:"all"`
		}
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&body); err != nil || body.All != "off" {
			fail(w, http.StatusBadRequest, errors.New(`want the body {"all":"off"}`))
			return
		}
		done(w, d.Hold(r.Context(), true, peer(r)))
	})
	mux.HandleFunc("DELETE /v1/hold", func(w http.ResponseWriter, r *http.Request) {
		done(w, d.Hold(r.Context(), false, peer(r)))
	})
	mux.HandleFunc("POST /v1/drain", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
		done(w, d.Drain(r.Context(), peer(r)))
	})
	return mux
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "done"})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}

func fail(w http.ResponseWriter, code int, err error) {
	answer(w, code, map[string]string{"error": err.Error()})
}

type peerKey struct{}

// withPeer notes who is at the other end of a local connection, as the kernel
// says.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || credErr != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, int(cred.Uid))
}

func peer(r *http.Request) string {
	uid, ok := r.Context().Value(peerKey{}).(int)
	if !ok {
		return "unknown"
	}
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}
