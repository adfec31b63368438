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
