#!/bin/bash
# Brings the programs that the interop tests talk to onto this machine: dpdk-testpmd, two versions of QEMU, user-mode
# Linux, a Debian guest kernel and the guests' root file systems. Needs Debian or Ubuntu on x86-64.
#
#   interop/peers.sh            installs what is missing, builds the guests, prints what was found
#   interop/peers.sh --check    changes nothing, prints what is there; status 1 when something is missing
#   interop/peers.sh --vdpa     also builds the kernel's vDPA modules, which Debian leaves out, for VdpaKernelIT (its sources: 140 MB)
#
# Packages that a whole system needs anyway are installed by apt (root only); kernels, the newer QEMU and user-mode Linux
# are only unpacked, below ${VHOST4J_PEERS:-$HOME/.cache/vhost4j-peers}. Run it again at any time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=${VHOST4J_PEERS:-$HOME/.cache/vhost4j-peers}
packages=(dpdk dpdk-dev qemu-system-x86 busybox-static cpio gcc libc6-dev ethtool)
kernel_pattern='^linux-image-6\.1\.[0-9]+-[0-9]+-amd64$'
huge_pages=768

say() { printf '%s\n' "peers: $*" >&2; }
fail() { say "$*"; exit 1; }

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

refresh_once() { # package lists, at most once a run
    [[ -z ${refreshed:-} ]] || return 0
    apt-get -qq update
    refreshed=1
}

# Some releases keep testpmd in dpdk, others in dpdk-dev; the drivers are packages of their own in both.
install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        installed "$package" || missing+=("$package")
    done
    if [[ ${#missing[@]} -gt 0 ]] || ! compgen -G '/usr/lib/*/dpdk/pmds-*/librte_net_virtio.so.*' >/dev/null; then
        refresh_once
        mapfile -t -O "${#missing[@]}" missing < <(apt-cache search --names-only '^librte-(net-virtio|net-vhost|mempool-ring)[0-9-]+$' \
            | cut -d ' ' -f 1)
    fi
    [[ ${#missing[@]} -gt 0 ]] || return 0
    [[ $(id -u) == 0 ]] || fail "not installed: ${missing[*]}; run as root, or: apt-get install ${missing[*]}"
    refresh_once
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

unpack() { # FOLDER PACKAGE[=VERSION]... : downloads with the apt options in "${apt[@]}" and unpacks, all or nothing
    local folder=$1 work
    shift
    work=$(mktemp -d "$peers/unpack.XXXXXX")
    # apt warns that it cannot switch to its own user in a private folder: of no interest here
    (cd "$work" && apt-get -qq "${apt[@]}" -o APT::Sandbox::User=root download "$@")
    mkdir "$work/root"
    local archive
    for archive in "$work"/*.deb; do
        dpkg -x "$archive" "$work/root"
    done
    rm -rf "$folder"
    mv "$work/root" "$folder"
    rm -rf "$work"
}

unpack_kernel() {
    compgen -G "$peers/kernel/boot/vmlinuz-*" >/dev/null && return
    refresh_once
    local name
    name=$(apt-cache search --names-only "$kernel_pattern" | cut -d ' ' -f 1 | sort -V | tail -n 1)
    [[ -n $name ]] || { say "no kernel package matches $kernel_pattern: QEMU guests are left out"; return 0; }
    apt=()
    unpack "$peers/kernel" "$name"
}

# The kernel's vDPA modules, out of its tree. 6.1 lets VDUSE make block devices only; later kernels are as this one is made to be.
build_vdpa_modules() {
    compgen -G "$peers/vdpa-modules/*.ko" >/dev/null && return
    local kernel base version sources work
    kernel=$(kernel_release "$(first "$peers/kernel/boot/vmlinuz-*")")
    base=${kernel%-amd64}
    refresh_once
    version=$(apt-cache show "linux-headers-$kernel" | awk '$1 == "Version:" { print $2; exit }')
    apt=()
    unpack "$peers/vdpa-build" "linux-headers-$kernel=$version" "linux-headers-$base-common=$version" "linux-kbuild-6.1=$version" \
        "linux-source-6.1=$version"
    sources=$peers/vdpa-build/usr/src
    work=$peers/vdpa-build/modules
    tar -C "$peers/vdpa-build" -xJf "$sources/linux-source-6.1.tar.xz" linux-source-6.1/drivers/{vdpa,vhost,virtio}
    rm "$sources/linux-source-6.1.tar.xz"
    echo "include $sources/linux-headers-$base-common/Makefile" >"$sources/linux-headers-$kernel/Makefile"
    mkdir "$work"
    cp "$peers"/vdpa-build/linux-source-6.1/drivers/{vdpa/vdpa.c,vdpa/vdpa_sim/*.[ch],vdpa/vdpa_user/*.[ch],vhost/vringh.c,vhost/vhost.h,virtio/virtio_vdpa.c} "$work"
    cp "$peers/vdpa-build/linux-source-6.1/drivers/vhost/vdpa.c" "$work/vhost_vdpa_main.c"
    sed -i -e '/allowed_device_id\[\] = {/,/};/s/VIRTIO_ID_BLOCK,/& VIRTIO_ID_NET,/' \
        -e '/id_table\[\] = {/,/};/s/{ VIRTIO_ID_BLOCK, VIRTIO_DEV_ANY_ID },/& { VIRTIO_ID_NET, VIRTIO_DEV_ANY_ID },/' "$work/vduse_dev.c"
    cat >"$work/Makefile" <<'END'
obj-m := vdpa.o vringh.o vdpa_sim.o vdpa_sim_net.o vduse.o vhost_vdpa.o virtio_vdpa.o
vduse-y := vduse_dev.o iova_domain.o
vhost_vdpa-y := vhost_vdpa_main.o
ccflags-y += -DCONFIG_VHOST_IOTLB_MODULE=1 -DCONFIG_VDPA_MODULE=1
END
    make -s -C "$sources/linux-headers-$kernel" M="$work" CONFIG_DEBUG_INFO_BTF_MODULES= modules >&2
    mkdir -p "$peers/vdpa-modules"
    cp "$work"/*.ko "$peers/vdpa-modules"
    strip -g "$peers"/vdpa-modules/*.ko
    rm -rf "$peers/vdpa-build" "$peers/guest.gz"
}

unpack_uml() {
    [[ -x $peers/uml/usr/bin/linux.uml ]] && return
    refresh_once
    apt=()
    unpack "$peers/uml" user-mode-linux || say "user-mode-linux cannot be had: its tests are left out"
}

# The newer QEMU is in the backports suite, which is made known to apt in a folder of ours only.
unpack_newer_qemu() {
    [[ -x $peers/qemu10/usr/bin/qemu-system-x86_64 ]] && return
    local suite mirror
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' \
        | awk -v suite="$suite" '$2 == suite { print $1; exit }')
    [[ -n $suite && -n $mirror ]] || { say "no mirror known for suite '$suite': the newer QEMU is left out"; return 0; }
    mkdir -p "$peers/apt/sources" "$peers/apt/lists/partial" "$peers/apt/cache/archives/partial"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$suite-backports" \
        /usr/share/keyrings/debian-archive-keyring.gpg >"$peers/apt/sources/backports.sources"
    apt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$peers/apt/sources"
        -o "Dir::State::lists=$peers/apt/lists" -o "Dir::Cache=$peers/apt/cache" -o APT::Sandbox::User=root)
    apt-get -qq "${apt[@]}" update || { say "the suite $suite-backports cannot be read: the newer QEMU is left out"; return 0; }
    unpack "$peers/qemu10" qemu-system-x86 qemu-system-common qemu-system-data seabios \
        || say "the newer QEMU cannot be had: its tests are left out"
}

add_program() { # ROOT PROGRAM : with the libraries it names
    local library
    cp -L "$2" "$1/bin/"
    while read -r library; do
        mkdir -p "$1$(dirname "$library")"
        cp -L "$library" "$1$library"
    done < <(ldd "$2" | grep -oE '/[^ ]+')
}

add_module() { # ROOT MODULES_FOLDER NAME LIST : after the modules that it needs
    local name file
    file=$(find "$2" "$peers/vdpa-modules" -name "$3.ko" -print -quit 2>/dev/null) || true
    if [[ -z $file ]] || grep -qx "$3.ko" "$1"/modules/*order; then
        return 0 # built into this kernel, or added before
    fi
    for name in $(grep -aoE 'depends=[A-Za-z0-9_,-]*' "$file" | head -n 1 | cut -d = -f 2 | tr ',' ' '); do
        add_module "$1" "$2" "$name" "$4"
    done
    cp "$file" "$1/modules/"
    echo "$3.ko" >>"$1/modules/$4"
}

# build_guest ARCHIVE MODULES_FOLDER : a root file system with busybox, our commands, the network drivers in load order, and those of
# cryptography, of devices for programs, and of the host's files, which are loaded when a test wants them
build_guest() {
    local archive=$1 modules=$2 root name
    root=$(mktemp -d "$peers/guest.XXXXXX")
    mkdir -p "$root"/{bin,dev,proc,sys,tmp,lib,modules}
    cp /bin/busybox "$root/bin/"
    ln -s busybox "$root/bin/sh"
    cp "$peers/wire" "$peers/alg" "$root/bin/"
    add_program "$root" "$(PATH=$PATH:/sbin:/usr/sbin command -v ethtool)"
    cp "$here/guest/init" "$root/init"
    cp "$here/guest/commands.sh" "$root/lib/"
    chmod +x "$root/init"
    : >"$root/modules/order"
    : >"$root/modules/crypto-order"
    for name in virtio_pci virtio_net; do
        add_module "$root" "$modules" "$name" order
    done
    : >"$root/modules/vdpa-order"
    : >"$root/modules/vdpa-kernel-order"
    for name in algif_skcipher virtio_crypto; do
        add_module "$root" "$modules" "$name" crypto-order
    done
    for name in 9pnet_virtio 9p overlay vfio_iommu_type1 vfio-pci; do
        add_module "$root" "$modules" "$name" vdpa-order
    done
    for name in vdpa_sim_net vhost_vdpa vduse virtio_vdpa; do
        add_module "$root" "$modules" "$name" vdpa-kernel-order
    done
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$archive.new"
    mv "$archive.new" "$archive"
    rm -rf "$root"
}

older_than_sources() { [[ ! -e $1 || -n $(find "$here/guest" "$here/peers.sh" -newer "$1" -print -quit) ]]; }

build_guests() {
    if older_than_sources "$peers/wire"; then
        gcc -Wall -O2 -static -o "$peers/wire" "$here/guest/wire.c"
    fi
    if older_than_sources "$peers/alg"; then
        gcc -Wall -O2 -static -o "$peers/alg" "$here/guest/alg.c"
    fi
    if [[ -d $peers/kernel ]] && older_than_sources "$peers/guest.gz"; then
        build_guest "$peers/guest.gz" "$peers/kernel/lib/modules"
    fi
    if [[ -d $peers/uml ]] && older_than_sources "$peers/guest-uml.gz"; then
        gcc -Wall -O2 -shared -fPIC -o "$peers/uml-xstate.so" "$here/guest/uml-xstate.c"
        build_guest "$peers/guest-uml.gz" "$peers/uml/usr/lib/uml/modules"
    fi
}

# testpmd runs faster and closer to practice on huge pages; without the right to reserve them it takes ordinary ones.
reserve_huge_pages() {
    local free
    free=$(awk '$1 == "HugePages_Free:" { print $2 }' /proc/meminfo)
    if [[ ${free:-0} -lt $huge_pages && -w /proc/sys/vm/nr_hugepages ]]; then
        echo $(($(cat /proc/sys/vm/nr_hugepages) + huge_pages - free)) >/proc/sys/vm/nr_hugepages || true
    fi
}

first() { compgen -G "$1" | sort -V | tail -n 1 || true; }

report() { # prints what was found, and writes it for the tests
    local testpmd qemu qemu10 uml kernel
    testpmd=$(command -v dpdk-testpmd || true)
    qemu=$(command -v qemu-system-x86_64 || true)
    qemu10=$(first "$peers/qemu10/usr/bin/qemu-system-x86_64")
    uml=$(first "$peers/uml/usr/bin/linux.uml")
    kernel=$(first "$peers/kernel/boot/vmlinuz-*")
    {
        if [[ -n $testpmd ]]; then
            echo "testpmd.program=$testpmd"
            echo "testpmd.version=DPDK $(dpkg-query -W -f '${Version}' dpdk)"
        fi
        if [[ -n $kernel && -e $peers/guest.gz ]]; then
            echo "guest.kernel=$kernel"
            echo "guest.version=Linux $(kernel_release "$kernel")"
            echo "guest.root=$peers/guest.gz"
            if compgen -G "$peers/vdpa-modules/*.ko" >/dev/null; then
                echo "vdpa.modules=$peers/vdpa-modules"
            fi
            if [[ -n $qemu ]]; then
                echo "qemu.program=$qemu"
                echo "qemu.version=$(qemu_version "$qemu")"
            fi
            if [[ -n $qemu10 ]]; then
                echo "qemu10.program=$qemu10"
                echo "qemu10.version=$(qemu_version "$qemu10")"
                echo "qemu10.data=$peers/qemu10/usr/share/qemu:$peers/qemu10/usr/share/seabios"
            fi
        fi
        if [[ -n $uml && -e $peers/guest-uml.gz ]]; then
            echo "uml.program=$uml"
            echo "uml.version=user-mode Linux $("$uml" --version 2>/dev/null | tail -n 1)"
            echo "uml.root=$peers/guest-uml.gz"
            if grep -qw amx_tile /proc/cpuinfo; then
                echo "uml.preload=$peers/uml-xstate.so"
            fi
        fi
        echo "hugepages.free=$(awk '$1 == "HugePages_Free:" { print $2 }' /proc/meminfo)"
    } >"$peers/found.new"
    mv "$peers/found.new" "$peers/found.properties"
    cat "$peers/found.properties"
}

qemu_version() { "$1" --version | sed -n '1s/ emulator version / /p'; }

kernel_release() { local name=${1##*/}; echo "${name#vmlinuz-}"; }

complete() {
    local key
    for key in testpmd qemu qemu10 uml; do
        grep -q "^$key.program=" "$peers/found.properties" || { say "missing: $key"; lacking=1; }
    done
    [[ -z ${lacking:-} ]]
}

mkdir -p "$peers"
case ${1:-} in
    --check) report; complete ;;
    '' | --vdpa)
        install_packages
        unpack_kernel
        [[ -z ${1:-} ]] || build_vdpa_modules
        unpack_uml
        unpack_newer_qemu
        build_guests
        reserve_huge_pages
        report
        complete || say "tests of missing peers are skipped; VHOST4J_REQUIRE_PEERS=1 makes them fail"
        ;;
    *) fail "unknown argument '$1': use no argument, --check or --vdpa" ;;
esac
