package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
)

// volumes are directories. Put a file system of yours in place: mount it in mount, and undo that in unmount.
type volumes struct {
	root string
	// Guards mounts.
	lock sync.Mutex
	// Who has mounted which volume: IDs by name. It is kept in a file, so that a restart forgets nothing.
	mounts map[string]map[string]bool
}

type volumeRequest struct {
	Name string
	ID   string
	Opts map[string]string
}

type volume struct {
	Name       string
	Mountpoint string
}

var volumeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$`)

// openDriver opens the volumes in "propagatedMount" of config.json: what is mounted below it is seen by the host, and it
// survives upgrades.
func openDriver() (driver, error) {
	root := os.Getenv("PLUGIN_ROOT")
	if root == "" {
		root = "/mnt/volumes"
	}
	return openVolumes(root)
}

func openVolumes(root string) (*volumes, error) {
	v := &volumes{root: root, mounts: map[string]map[string]bool{}}
	text, err := os.ReadFile(v.stateFile())
	if errors.Is(err, os.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	return v, json.Unmarshal(text, &v.mounts)
}

func (v *volumes) kind() string { return "VolumeDriver" }

func (v *volumes) failure(message string) any { return map[string]string{"Err": message} }

func (v *volumes) calls() map[string]call {
	type method = func(request volumeRequest) (any, error)
	methods := map[string]method{
		"Create": v.create, "Remove": v.remove, "Mount": v.mount, "Unmount": v.unmount,
		"Path": v.path, "Get": v.get, "List": v.list, "Capabilities": v.capabilities,
	}
	calls := map[string]call{}
	for name, run := range methods {
		run := run
		calls["/VolumeDriver."+name] = func(body []byte) (any, error) {
			var request volumeRequest
			if err := json.Unmarshal(body, &request); err != nil {
				return nil, err
			}
			v.lock.Lock()
			defer v.lock.Unlock()
			return run(request)
		}
	}
	return calls
}

func (v *volumes) capabilities(volumeRequest) (any, error) {
	return map[string]any{"Capabilities": map[string]string{"Scope": "local"}}, nil
}

func (v *volumes) create(request volumeRequest) (any, error) {
	for option := range request.Opts {
		return nil, fmt.Errorf("unknown option %q: there are none", option)
	}
	place, err := v.place(request.Name)
	if err != nil {
		return nil, err
	}
	// Engines create a volume again that exists.
	return struct{}{}, os.MkdirAll(place, 0o755)
}

func (v *volumes) remove(request volumeRequest) (any, error) {
	place, err := v.known(request.Name)
	if err != nil {
		return nil, err
	}
	if len(v.mounts[request.Name]) > 0 {
		return nil, fmt.Errorf("volume %q is in use", request.Name)
	}
	return struct{}{}, os.RemoveAll(place)
}

func (v *volumes) mount(request volumeRequest) (any, error) {
	place, err := v.known(request.Name)
	if err != nil {
		return nil, err
	}
	if v.mounts[request.Name] == nil {
		v.mounts[request.Name] = map[string]bool{}
	}
	// An engine that lost the answer calls again with the same ID.
	v.mounts[request.Name][request.ID] = true
	return map[string]string{"Mountpoint": place}, v.save()
}

func (v *volumes) unmount(request volumeRequest) (any, error) {
	if _, err := v.known(request.Name); err != nil {
		return nil, err
	}
	delete(v.mounts[request.Name], request.ID)
	return struct{}{}, v.save()
}

func (v *volumes) path(request volumeRequest) (any, error) {
	place, err := v.known(request.Name)
	if err != nil {
		return nil, err
	}
	if len(v.mounts[request.Name]) == 0 {
		place = ""
	}
	return map[string]string{"Mountpoint": place}, nil
}

func (v *volumes) get(request volumeRequest) (any, error) {
	place, err := v.known(request.Name)
	if err != nil {
		return nil, err
	}
	return map[string]volume{"Volume": {request.Name, place}}, nil
}

func (v *volumes) list(volumeRequest) (any, error) {
	entries, err := os.ReadDir(v.root)
	if err != nil {
		return nil, err
	}
	found := []volume{}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			found = append(found, volume{entry.Name(), filepath.Join(v.root, entry.Name())})
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Name < found[b].Name })
	return map[string][]volume{"Volumes": found}, nil
}

// place is the directory of a volume. Names come from anyone who may create volumes: no name may leave the root.
func (v *volumes) place(name string) (string, error) {
	if !volumeName.MatchString(name) {
		return "", fmt.Errorf("invalid volume name %q: want letters, digits, \"_\", \".\" and \"-\"", name)
	}
	return filepath.Join(v.root, name), nil
}

func (v *volumes) known(name string) (string, error) {
	place, err := v.place(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(place); err != nil {
		return "", fmt.Errorf("volume %q does not exist", name)
	}
	return place, nil
}

func (v *volumes) stateFile() string { return filepath.Join(v.root, ".mounts.json") }

func (v *volumes) save() error {
	text, err := json.Marshal(v.mounts)
	if err != nil {
		return err
	}
	file, err := os.Create(v.stateFile() + ".new")
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return os.Rename(file.Name(), v.stateFile())
}
