package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A call answers one request of an engine; both are JSON.
type call func(body []byte) (any, error)

// A driver is what the plugin does: its kind, and its calls by path.
type driver interface {
	kind() string
	calls() map[string]call
	// failure is the document of a failed call.
	failure(message string) any
}

const maxBodyBytes = 16 << 20

// newHandler answers the calls of engines: HTTP POST with JSON.
func newHandler(d driver) http.Handler {
	calls := d.calls()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/Plugin.Activate" {
			answer(w, http.StatusOK, map[string]any{"Implements": []string{d.kind()}})
			return
		}
		run, known := calls[r.URL.Path]
		if !known {
			answer(w, http.StatusNotFound, d.failure("unknown call "+r.URL.Path))
			return
		}
		var body json.RawMessage
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		if err := decoder.Decode(&body); err != nil && r.ContentLength != 0 {
			answer(w, http.StatusBadRequest, d.failure("the request is not JSON: "+err.Error()))
			return
		}
		if len(body) == 0 {
			body = json.RawMessage("{}")
		}
		document, err := run(body)
		if err != nil {
			answer(w, http.StatusInternalServerError, d.failure(err.Error()))
			return
		}
		answer(w, http.StatusOK, document)
	})
}

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/vnd.docker.plugins.v1.2+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(document)
}

// serve answers calls until SIGTERM, and ends those that run.
func serve(path string, d driver) error {
	// A socket that is left of a process that was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return err
	}
	server := &http.Server{Handler: newHandler(d), ReadHeaderTimeout: 30 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		<-stop.Done()
		// Engines send SIGKILL after 10 seconds.
		limit, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		ended <- server.Shutdown(limit)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}
