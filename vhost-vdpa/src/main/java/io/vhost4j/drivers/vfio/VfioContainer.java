// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A VFIO container with one group: an address space of devices, of its own for each device that has its own guest. */
public final class VfioContainer implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final int INFO_LIMIT = 1 << 20;
    private static final int CAP_STEPS = 64;
    private static final int RANGE_BYTES = 16;

    private final VfioKernel kernel;
    private final String address;
    private final OwnedFd container;
    private final OwnedFd group;
    private final List<Range> ranges = new ArrayList<>();
    private int mapsLeft = Integer.MAX_VALUE;

    /** Addresses that devices can use, both ends included, unsigned. */
    private record Range(long first, long last) {}

    private VfioContainer(VfioKernel kernel, String address, OwnedFd container, OwnedFd group) {
        this.kernel = kernel;
        this.address = address;
        this.container = container;
        this.group = group;
    }

    /**
     * Opens a container for one group.
     *
     * @param address the PCI device it is for, for messages
     * @throws VhostException if VFIO is not there or may not be used
     */
    static VfioContainer open(VfioKernel kernel, String address, String groupName) {
        OwnedFd container = openFile(kernel, "/dev/vfio/vfio", address);
        OwnedFd group;
        try {
            group = openFile(kernel, "/dev/vfio/" + groupName, address);
        } catch (RuntimeException e) {
            container.close();
            throw e;
        }
        VfioContainer made = new VfioContainer(kernel, address, container, group);
        try {
            made.join(groupName);
            made.readInfo();
            return made;
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
    }

    private static OwnedFd openFile(VfioKernel kernel, String path, String address) {
        try {
            return kernel.open(path);
        } catch (NativeException e) {
            String advice = switch (e.errno()) {
                case Errno.ENOENT -> "there is no such file: load the module (modprobe vfio-pci)";
                case Errno.EACCES, Errno.EPERM -> "no permission: run as root, or give the file to this user (chown)";
                case Errno.EBUSY -> "another process has it: end that first";
                default -> e.getMessage();
            };
            throw new VhostException("PCI device " + address + ": " + path + ": " + advice, e);
        }
    }

    private void join(String groupName) {
        int version = kernel.ioctl(container.fd(), VfioLayout.GET_API_VERSION, 0);
        if (version != 0) {
            throw failure("VFIO of version " + version + " is not known: it must be 0", 0);
        }
        boolean v2 = kernel.ioctl(container.fd(), VfioLayout.CHECK_EXTENSION, VfioLayout.TYPE1_V2) == 1;
        if (!v2 && kernel.ioctl(container.fd(), VfioLayout.CHECK_EXTENSION, VfioLayout.TYPE1) != 1) {
            throw failure("this kernel has no type 1 IOMMU driver: load the module vfio_iommu_type1", 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(VfioLayout.STATUS_BYTES, Long.BYTES);
            status.set(ValueLayout.JAVA_INT, 0, VfioLayout.STATUS_BYTES);
            check(kernel.ioctl(group.fd(), VfioLayout.GROUP_GET_STATUS, status), "the group's status");
            if ((status.get(ValueLayout.JAVA_INT, 4) & VfioLayout.GROUP_VIABLE) == 0) {
                throw failure(
                        "IOMMU group " + groupName
                                + " has other devices whose drivers are not VFIO's: bind all of"
                                + " /sys/kernel/iommu_groups/" + groupName + "/devices to vfio-pci, or to none",
                        0);
            }
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            number.set(ValueLayout.JAVA_INT, 0, container.fd());
            check(kernel.ioctl(group.fd(), VfioLayout.GROUP_SET_CONTAINER, number), "to join group and container");
        }
        int type = v2 ? VfioLayout.TYPE1_V2 : VfioLayout.TYPE1;
        int result = kernel.ioctl(container.fd(), VfioLayout.SET_IOMMU, type);
        if (result == -Errno.EPERM) {
            throw failure(
                    "the platform does not remap interrupts: if you trust the device, set"
                            + " allow_unsafe_interrupts of the module vfio_iommu_type1",
                    result);
        }
        check(result, "to switch on the IOMMU");
    }

    /** Which addresses there are, and how many mappings; kernels before 5.4 and 5.10 do not say. */
    private void readInfo() {
        try (Arena arena = Arena.ofConfined()) {
            int bytes = VfioLayout.INFO_BYTES;
            MemorySegment info = arena.allocate(bytes, Long.BYTES);
            info.set(ValueLayout.JAVA_INT, 0, bytes);
            check(kernel.ioctl(container.fd(), VfioLayout.IOMMU_GET_INFO, info), "the IOMMU's description");
            int wanted = info.get(ValueLayout.JAVA_INT, 0);
            if ((info.get(ValueLayout.JAVA_INT, 4) & VfioLayout.INFO_CAPS) == 0
                    || wanted <= bytes
                    || wanted > INFO_LIMIT) {
                return;
            }
            MemorySegment whole = arena.allocate(wanted, Long.BYTES);
            whole.set(ValueLayout.JAVA_INT, 0, wanted);
            check(kernel.ioctl(container.fd(), VfioLayout.IOMMU_GET_INFO, whole), "the IOMMU's description");
            readCapabilities(whole);
        }
    }

    private void readCapabilities(MemorySegment info) {
        long at = info.get(ValueLayout.JAVA_INT, 16);
        for (int step = 0; step < CAP_STEPS && at >= VfioLayout.INFO_BYTES - 4 && at + 16 <= info.byteSize(); step++) {
            int id = info.get(ValueLayout.JAVA_SHORT_UNALIGNED, at);
            int value = info.get(ValueLayout.JAVA_INT_UNALIGNED, at + 8);
            if (id == VfioLayout.CAP_DMA_AVAIL) {
                mapsLeft = value;
            } else if (id == VfioLayout.CAP_IOVA_RANGE) {
                for (int i = 0; i < value && at + 16 + (i + 1L) * RANGE_BYTES <= info.byteSize(); i++) {
                    long range = at + 16 + (long) i * RANGE_BYTES;
                    ranges.add(new Range(
                            info.get(ValueLayout.JAVA_LONG_UNALIGNED, range),
                            info.get(ValueLayout.JAVA_LONG_UNALIGNED, range + 8)));
                }
            }
            at = info.get(ValueLayout.JAVA_INT_UNALIGNED, at + 4);
        }
    }

    /**
     * Lets devices read and write memory of this process.
     *
     * @param hostAddress where this process sees it
     * @param iova where devices see it, at the same place in a page
     * @param bytes how much; whole pages around it are mapped
     * @throws VhostException if it cannot be
     */
    public void map(long hostAddress, long iova, long bytes) {
        long lead = iova & (PAGE - 1);
        String what = String.format("mapping iova=%#x, size=%#x for DMA", iova, bytes);
        if ((hostAddress & (PAGE - 1)) != lead || bytes <= 0) {
            throw failure(what + ": guest and host have it at different places of a page", 0);
        }
        long first = iova - lead;
        long size = (lead + bytes + PAGE - 1) & -PAGE;
        if (mapsLeft <= 0) {
            throw failure(
                    what + ": no mapping is left; raise dma_entry_limit of the module vfio_iommu_type1, or give the"
                            + " guest fewer memory regions",
                    0);
        }
        if (!allows(first, size)) {
            throw failure(what + ": the IOMMU has no such addresses, or they are reserved for interrupts", 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(VfioLayout.MAP_BYTES, Long.BYTES);
            request.set(ValueLayout.JAVA_INT, 0, VfioLayout.MAP_BYTES);
            request.set(ValueLayout.JAVA_INT, 4, VfioLayout.DMA_READ_WRITE);
            request.set(ValueLayout.JAVA_LONG, 8, hostAddress - lead);
            request.set(ValueLayout.JAVA_LONG, 16, first);
            request.set(ValueLayout.JAVA_LONG, 24, size);
            int result = kernel.ioctl(container.fd(), VfioLayout.IOMMU_MAP_DMA, request);
            if (result == -Errno.ENOMEM) {
                throw failure(
                        what + ": the limit of locked memory is too low: raise it above the guest's memory"
                                + " (ulimit -l, LimitMEMLOCK)",
                        result);
            }
            check(result, what);
        }
        mapsLeft--;
    }

    /** Undoes {@link #map}. */
    public void unmap(long iova, long bytes) {
        long lead = iova & (PAGE - 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(VfioLayout.UNMAP_BYTES, Long.BYTES);
            request.set(ValueLayout.JAVA_INT, 0, VfioLayout.UNMAP_BYTES);
            request.set(ValueLayout.JAVA_LONG, 8, iova - lead);
            request.set(ValueLayout.JAVA_LONG, 16, (lead + bytes + PAGE - 1) & -PAGE);
            check(
                    kernel.ioctl(container.fd(), VfioLayout.IOMMU_UNMAP_DMA, request),
                    String.format("unmapping iova=%#x, size=%#x", iova, bytes));
        }
        mapsLeft++;
    }

    /** Whether devices can be given these addresses. */
    public boolean allows(long first, long bytes) {
        long last = first + (bytes - 1);
        return ranges.isEmpty()
                || ranges.stream()
                        .anyMatch(range -> Long.compareUnsigned(range.first, first) <= 0
                                && Long.compareUnsigned(last, range.last) <= 0);
    }

    VfioKernel kernel() {
        return kernel;
    }

    /** The group's descriptor; stays the container's. */
    public int groupFd() {
        return group.fd();
    }

    static String describe(int errno) {
        return Errno.name(errno) + " (" + Errno.text(errno) + ")";
    }

    private void check(int result, String what) {
        if (result < 0) {
            throw failure(what, result);
        }
    }

    private VhostException failure(String what, int result) {
        return new VhostException(
                "PCI device " + address + ": " + what + (result == 0 ? "" : ": " + VfioContainer.describe(-result)));
    }

    @Override
    public void close() {
        try (container) {
            group.close();
        }
    }
}
