# Shell functions that the harness calls in the guest.

# setup DEVICE ADDRESS [MTU]: gives the device an IPv4 address with a 24-bit mask and raises it.
setup() {
    if [ -n "$3" ]; then
        ip link set "$1" mtu "$3" || return 1
    fi
    ip addr flush dev "$1"
    ip addr add "$2/24" dev "$1" && ip link set "$1" up
}

# features DEVICE: the virtio features the driver has negotiated, bit 0 first, as a string of 0 and 1.
features() {
    cat "/sys/class/net/$1/device/features"
}

# counters DEVICE: what the driver has counted.
counters() {
    for name in rx_packets rx_bytes rx_errors rx_dropped tx_packets tx_bytes tx_errors tx_dropped; do
        echo "$name=$(cat "/sys/class/net/$1/statistics/$name")"
    done
}

# random FILE MEGABYTES: fills a file and prints its SHA-256.
random() {
    head -c $(($2 * 1048576)) /dev/urandom >"$1" && sum "$1"
}

# sum FILE: its SHA-256 alone.
sum() {
    sha256sum "$1" | cut -d ' ' -f 1
}

# apart DEVICE ADDRESS: puts the device into a network of its own, where inside runs commands; the loop between it and another
# device of the guest then goes over the wire.
apart() {
    unshare -n sleep 1000000 &
    echo $! >/tmp/apart
    while [ "$(readlink "/proc/$(cat /tmp/apart)/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
        usleep 10000
    done
    ip link set "$1" netns "$(cat /tmp/apart)" && inside ip addr add "$2/24" dev "$1" && inside ip link set "$1" up
}

# inside COMMAND...: runs a command in the network of apart.
inside() {
    nsenter -n -t "$(cat /tmp/apart)" "$@"
}

# load LIST: loads the modules of a list that are not loaded from the start.
load() {
    while read -r module; do
        insmod "/modules/$module" || return 1
    done <"/modules/$1-order"
}

# share: brings the files of the machine that runs the tests to /h. They can be changed there; changes end with the guest.
share() {
    mkdir -p /lower /upper /h
    mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /lower || return 1
    mount -t tmpfs tmpfs /upper && mkdir /upper/data /upper/work || return 1
    mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /h || return 1
    mount -t proc proc /h/proc && mount -t sysfs sysfs /h/sys && mount -t tmpfs tmpfs /h/run && mount -o bind /dev /h/dev || return 1
    mkdir -p /h/dev/shm /h/dev/hugepages
    mount -t tmpfs tmpfs /h/dev/shm && mount -t hugetlbfs -o pagesize=2M hugetlbfs /h/dev/hugepages
}

# on_host COMMAND...: runs a command on these files.
on_host() {
    chroot /h /usr/bin/env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# launch NAME COMMAND...: starts a command on these files. Its output goes to /tmp/NAME.out, and what is written to /tmp/NAME.in is its
# input, which does not end.
launch() {
    local name=$1
    shift
    rm -f "/tmp/$name.in"
    mkfifo "/tmp/$name.in" || return 1
    # at once, so that nobody takes what the one before has written for this one's
    : >"/tmp/$name.out"
    (
        ulimit -l unlimited
        exec chroot /h /usr/bin/env -i HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" <>"/tmp/$name.in" >"/tmp/$name.out" 2>&1
    ) &
    echo $! >"/tmp/$name.pid"
}

# await NAME TEXT [COUNT]: waits until a launched command has written this, in so many lines if a number is given. Fails if the command
# ends before, or after 50 s, and shows what it wrote; for Java with a thread dump.
await() {
    local until
    until=$(($(cut -d. -f1 /proc/uptime) + 50))
    until written "$@"; do
        if ! alive "$1" && ! written "$@"; then
            tail -n 40 "/tmp/$1.out"
            return 1
        fi
        if [ "$(cut -d. -f1 /proc/uptime)" -ge "$until" ]; then
            [ "$(cat "/proc/$(cat "/tmp/$1.pid")/comm")" != java ] || { kill -QUIT "$(cat "/tmp/$1.pid")"; sleep 1; } # to write it takes a moment
            tail -n 400 "/tmp/$1.out"
            return 1
        fi
        usleep 50000
    done
}

# written NAME TEXT [COUNT]: whether a launched command has written this.
written() {
    [ "$(grep -c "$2" "/tmp/$1.out" 2>/dev/null)" -ge "${3:-1}" ] 2>/dev/null
}

# alive NAME: whether a launched command runs.
alive() {
    grep -q '^State:[^Z]*$' "/proc/$(cat "/tmp/$1.pid")/status" 2>/dev/null
}

# end NAME: ends a launched command by SIGTERM, and has its status.
end() {
    kill -TERM "$(cat "/tmp/$1.pid")" && ended "$1"
}

# ended NAME: waits for a launched command, and has its status.
ended() {
    local pid
    pid=$(cat "/tmp/$1.pid")
    rm "/tmp/$1.pid"
    wait "$pid"
}

# end_all: kills what was launched and still runs.
end_all() {
    local file
    for file in /tmp/*.pid; do
        [ ! -e "$file" ] || { kill -KILL "$(cat "$file")"; ended "$(basename "$file" .pid)"; }
    done
    return 0
}

# bind_vfio ID: gives the PCI device with this device id to vfio-pci, and prints its address and subsystem.
bind_vfio() {
    local device
    for device in /sys/bus/pci/devices/*; do
        [ "$(cat "$device/device")" = "$1" ] || continue
        [ ! -e "$device/driver" ] || basename "$device" >"$device/driver/unbind"
        echo vfio-pci >"$device/driver_override"
        basename "$device" >/sys/bus/pci/drivers_probe
        [ -e "/sys/bus/pci/drivers/vfio-pci/$(basename "$device")" ] || return 1
        echo "$(basename "$device") $(cat "$device/subsystem_vendor"):$(cat "$device/subsystem_device")"
        return 0
    done
    return 1
}

# trace_iommu: has the kernel note what the IOMMU is told.
trace_iommu() {
    mount -t tracefs tracefs /sys/kernel/tracing || return 1
    echo 16384 >/sys/kernel/tracing/buffer_size_kb
    echo 1 >/sys/kernel/tracing/events/iommu/map/enable && echo 1 >/sys/kernel/tracing/events/iommu/unmap/enable
}

# dma: bytes that were mapped for devices and bytes that were unmapped since trace_iommu, and what was too much to note (events).
dma() {
    local lost
    lost=$(cat /sys/kernel/tracing/per_cpu/cpu*/stats | awk '/overrun|dropped/ { lost += $NF } END { print lost + 0 }')
    awk -v lost="$lost" '/ map: /{ sub(/.*size=/, ""); mapped += $0 } / unmap: /{ sub(/.*size=/, ""); unmapped += $0 }
        END { printf "%.0f %.0f %d\n", mapped, unmapped, lost }' /sys/kernel/tracing/trace
}

# locked NAME: KiB of memory that are locked for a launched command.
locked() {
    awk '/^VmLck/ { print $2 }' "/proc/$(cat "/tmp/$1.pid")/status"
}

# vectors ADDRESS: interrupts of a device that vfio-pci has, since the guest started.
vectors() {
    awk -v name="($1)" 'index($0, name) { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i } END { print sum + 0 }' /proc/interrupts
}
