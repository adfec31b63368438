// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.drivers.vfio.Mmio;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioKernel;
import io.vhost4j.drivers.vfio.VfioLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The kernel's VFIO with one group and one device: checks order and numbers as the kernel does, and fails on demand. */
public final class FakeVfio implements VfioKernel, AutoCloseable {
    /** The device's address. */
    public static final String ADDRESS = "0000:03:00.1";
    /** Its group. */
    public static final String GROUP = "17";

    private static final long REGION_SPAN = 1L << 40;
    private static final int PAGE = 4096;

    /** The device behind it. */
    public final FakeVirtioPci device;
    /** Errors of opening files, by path. */
    public final Map<String, Integer> openErrno = new HashMap<>();
    /** Errors of calls, by request. */
    public final Map<Long, Integer> ioctlErrno = new HashMap<>();
    /** What VFIO_GET_API_VERSION answers. */
    public int apiVersion;
    /** IOMMU types that there are. */
    public List<Integer> types = List.of(VfioLayout.TYPE1, VfioLayout.TYPE1_V2);
    /** Whether all devices of the group are VFIO's. */
    public boolean viable = true;
    /** Mappings after which the next fails; negative for none. */
    public int mapsUntilFailure = -1;
    /** Mappings that the kernel says it has room for. */
    public int mapsAvailable = 65535;
    /** MSI-X interrupts. */
    public int vectors = 16;
    /** How often the function was reset. */
    public int resets;

    private final TreeMap<Long, long[]> dma = new TreeMap<>();
    private final Map<Integer, String> files = new HashMap<>();
    private final Map<Integer, EventFd> interrupts = new HashMap<>();
    private boolean joined;
    private boolean translates;

    /** A machine with this device. */
    public FakeVfio(FakeVirtioPci device) {
        this.device = device;
        device.machine(this);
    }

    /** The machine's sysfs, made below {@code root}. */
    public SysPci sysfs(Path root) {
        try {
            Path folder = Files.createDirectories(root.resolve(ADDRESS));
            Files.writeString(folder.resolve("vendor"), String.format("0x%04x%n", device.config16(0)));
            Files.writeString(folder.resolve("device"), String.format("0x%04x%n", device.config16(2)));
            Files.writeString(folder.resolve("subsystem_vendor"), String.format("0x%04x%n", device.config16(0x2c)));
            Files.writeString(folder.resolve("subsystem_device"), String.format("0x%04x%n", device.config16(0x2e)));
            Files.createSymbolicLink(folder.resolve("iommu_group"), Path.of("../../iommu_groups/" + GROUP));
            Files.createSymbolicLink(folder.resolve("driver"), Path.of("../../drivers/vfio-pci"));
            return new SysPci(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public OwnedFd open(String path) {
        Integer errno = openErrno.get(path);
        if (errno != null) {
            throw new NativeException("open " + path, errno, "as was asked for");
        }
        if (!path.equals("/dev/vfio/vfio") && !path.equals("/dev/vfio/" + GROUP)) {
            throw new NativeException("open " + path, Errno.ENOENT, "no such file");
        }
        OwnedFd fd = MemFd.create("vfio", PAGE);
        files.put(fd.fd(), path.equals("/dev/vfio/vfio") ? "container" : "group");
        return fd;
    }

    @Override
    public int ioctl(int fd, long request, MemorySegment argument) {
        device.beforeOperation.run();
        return answer(fd, request, argument);
    }

    private synchronized int answer(int fd, long request, MemorySegment argument) {
        Integer errno = ioctlErrno.get(request);
        if (errno != null) {
            return -errno;
        }
        String file = files.getOrDefault(fd, "none");
        return switch (file) {
            case "container" -> container(request, argument);
            case "group" -> group(request, argument);
            case "device" -> device(request, argument);
            default -> -Errno.EBADF;
        };
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
        device.beforeOperation.run();
        return answer(fd, request, argument);
    }

    private synchronized int answer(int fd, long request, long argument) {
        Integer errno = ioctlErrno.get(request);
        if (errno != null) {
            return -errno;
        }
        String file = files.getOrDefault(fd, "none");
        if (file.equals("device") && request == VfioLayout.DEVICE_RESET) {
            resets++;
            device.functionReset();
            return 0;
        }
        if (!file.equals("container")) {
            return -Errno.ENOTTY;
        }
        if (request == VfioLayout.GET_API_VERSION) {
            return apiVersion;
        }
        if (request == VfioLayout.CHECK_EXTENSION) {
            return types.contains((int) argument) ? 1 : 0;
        }
        if (request == VfioLayout.SET_IOMMU) {
            if (!joined || translates || !types.contains((int) argument)) {
                return -Errno.EINVAL;
            }
            translates = true;
            return 0;
        }
        return -Errno.ENOTTY;
    }

    private static int i32(MemorySegment at, long offset) {
        return at.get(ValueLayout.JAVA_INT, offset);
    }

    private static long i64(MemorySegment at, long offset) {
        return at.get(ValueLayout.JAVA_LONG, offset);
    }

    private int container(long request, MemorySegment argument) {
        if (!translates) {
            return -Errno.EINVAL;
        }
        if (request == VfioLayout.IOMMU_GET_INFO) {
            return describeIommu(argument);
        }
        if (request == VfioLayout.IOMMU_MAP_DMA) {
            return map(argument);
        }
        return request == VfioLayout.IOMMU_UNMAP_DMA ? unmap(argument) : -Errno.ENOTTY;
    }

    private int describeIommu(MemorySegment info) {
        int whole = VfioLayout.INFO_BYTES + 16 + 48;
        int given = i32(info, 0);
        info.set(ValueLayout.JAVA_INT, 0, whole);
        info.set(ValueLayout.JAVA_INT, 4, 1 | VfioLayout.INFO_CAPS);
        info.set(ValueLayout.JAVA_LONG, 8, PAGE);
        if (given < whole) {
            info.set(ValueLayout.JAVA_INT, 16, 0);
            return 0;
        }
        info.set(ValueLayout.JAVA_INT, 16, VfioLayout.INFO_BYTES);
        info.set(ValueLayout.JAVA_SHORT, 24, (short) VfioLayout.CAP_DMA_AVAIL);
        info.set(ValueLayout.JAVA_INT, 28, 40);
        info.set(ValueLayout.JAVA_INT, 32, mapsAvailable);
        info.set(ValueLayout.JAVA_SHORT, 40, (short) VfioLayout.CAP_IOVA_RANGE);
        info.set(ValueLayout.JAVA_INT, 44, 0);
        info.set(ValueLayout.JAVA_INT, 48, 2);
        info.set(ValueLayout.JAVA_LONG, 56, 0);
        info.set(ValueLayout.JAVA_LONG, 64, 0xfedf_ffffL);
        info.set(ValueLayout.JAVA_LONG, 72, 0xfef0_0000L);
        info.set(ValueLayout.JAVA_LONG, 80, (1L << 48) - 1);
        return 0;
    }

    private int map(MemorySegment request) {
        long vaddr = i64(request, 8);
        long iova = i64(request, 16);
        long size = i64(request, 24);
        if (i32(request, 0) < VfioLayout.MAP_BYTES || size <= 0 || ((vaddr | iova | size) & (PAGE - 1)) != 0) {
            return -Errno.EINVAL;
        }
        if (mapsUntilFailure == 0) {
            return -Errno.ENOMEM;
        }
        Map.Entry<Long, long[]> before = dma.floorEntry(iova + size - 1);
        if (before != null && before.getKey() + before.getValue()[1] > iova) {
            return -Errno.EEXIST;
        }
        mapsUntilFailure--;
        dma.put(iova, new long[] {vaddr, size});
        return 0;
    }

    private int unmap(MemorySegment request) {
        long[] there = dma.get(i64(request, 8));
        if (there == null || there[1] != i64(request, 16)) {
            return -Errno.EINVAL;
        }
        dma.remove(i64(request, 8));
        return 0;
    }

    private int group(long request, MemorySegment argument) {
        if (request == VfioLayout.GROUP_GET_STATUS) {
            argument.set(ValueLayout.JAVA_INT, 4, (viable ? VfioLayout.GROUP_VIABLE : 0) | (joined ? 2 : 0));
            return 0;
        }
        if (request == VfioLayout.GROUP_SET_CONTAINER) {
            if (!viable || joined || !"container".equals(files.get(i32(argument, 0)))) {
                return -Errno.EINVAL;
            }
            joined = true;
            return 0;
        }
        if (request == VfioLayout.GROUP_GET_DEVICE_FD) {
            if (!translates || !argument.getString(0).equals(ADDRESS)) {
                return -Errno.EINVAL;
            }
            int fd = MemFd.create("vfio-device", PAGE).release();
            files.put(fd, "device");
            return fd;
        }
        return -Errno.ENOTTY;
    }

    private int device(long request, MemorySegment argument) {
        if (request == VfioLayout.DEVICE_GET_INFO) {
            argument.set(ValueLayout.JAVA_INT, 8, 9);
            argument.set(ValueLayout.JAVA_INT, 12, 5);
            return 0;
        }
        if (request == VfioLayout.DEVICE_GET_REGION_INFO) {
            int index = i32(argument, 8);
            boolean config = index == VfioLayout.REGION_CONFIG;
            argument.set(ValueLayout.JAVA_INT, 4, config ? 3 : 7);
            argument.set(ValueLayout.JAVA_LONG, 16, config ? 256 : device.barBytes(index));
            argument.set(ValueLayout.JAVA_LONG, 24, index * REGION_SPAN);
            return 0;
        }
        if (request == VfioLayout.DEVICE_GET_IRQ_INFO) {
            argument.set(ValueLayout.JAVA_INT, 12, i32(argument, 8) == VfioLayout.IRQ_MSIX ? vectors : 1);
            return 0;
        }
        return request == VfioLayout.DEVICE_SET_IRQS ? setInterrupts(argument) : -Errno.ENOTTY;
    }

    private int setInterrupts(MemorySegment set) {
        int first = i32(set, 12);
        int count = i32(set, 16);
        if (i32(set, 4) == VfioLayout.IRQ_OFF && count == 0) {
            closeInterrupts();
            return 0;
        }
        if (i32(set, 4) != VfioLayout.IRQ_EVENTFDS || first < 0 || count < 1 || first + count > vectors) {
            return -Errno.EINVAL;
        }
        for (int i = 0; i < count; i++) {
            int fd = i32(set, VfioLayout.IRQ_SET_BYTES + 4L * i);
            if (fd >= 0 && !EventFd.isEventFd(fd)) {
                return -Errno.EINVAL;
            }
            EventFd old = interrupts.remove(first + i);
            if (old != null) {
                old.close();
            }
            if (fd >= 0) {
                interrupts.put(first + i, EventFd.adopt(FileCalls.dup(fd)));
            }
        }
        return 0;
    }

    private void closeInterrupts() {
        interrupts.values().forEach(EventFd::close);
        interrupts.clear();
    }

    /** The device interrupts. */
    synchronized void interrupt(int vector) {
        EventFd event = interrupts.get(vector);
        if (event != null) {
            event.signal();
        }
    }

    /** Where a device's access ends up; fails the test if it is not allowed. */
    synchronized long translate(long iova, long bytes) {
        Map.Entry<Long, long[]> entry = dma.floorEntry(iova);
        if (entry == null || iova + bytes > entry.getKey() + entry.getValue()[1]) {
            throw new AssertionError(String.format("DMA fault at iova=%#x, %d bytes", iova, bytes));
        }
        return entry.getValue()[0] + iova - entry.getKey();
    }

    /** What a descriptor is: container, group, device, or none. */
    public synchronized String fileOf(int fd) {
        return files.getOrDefault(fd, "none");
    }

    /** Mappings that are there. */
    public synchronized int mappings() {
        return dma.size();
    }

    /** Interrupts that are switched on. */
    public synchronized int interruptsOn() {
        return interrupts.size();
    }

    @Override
    public long pread(int fd, MemorySegment into, long position) {
        int offset = (int) (position - VfioLayout.REGION_CONFIG * REGION_SPAN);
        for (int i = 0; i < into.byteSize(); i++) {
            into.set(ValueLayout.JAVA_BYTE, i, (byte) device.config8(offset + i));
        }
        return into.byteSize();
    }

    @Override
    public long pwrite(int fd, MemorySegment from, long position) {
        int offset = (int) (position - VfioLayout.REGION_CONFIG * REGION_SPAN);
        for (int i = 0; i < from.byteSize(); i++) {
            device.setConfig8(offset + i, from.get(ValueLayout.JAVA_BYTE, i));
        }
        return from.byteSize();
    }

    @Override
    public Mmio map(int fd, long offset, long bytes) {
        int bar = (int) (offset / REGION_SPAN);
        if (!"device".equals(files.get(fd)) || bytes != device.barBytes(bar)) {
            throw new NativeException("mmap", Errno.EINVAL, "bar " + bar);
        }
        return device.bar(bar);
    }

    /** A file of the machine's was closed. */
    @Override
    public void close() {
        closeInterrupts();
    }

    /** The same machine with nothing open, as after the process before has ended. */
    public synchronized void allClosed() {
        closeInterrupts();
        joined = false;
        translates = false;
        files.clear();
        dma.clear();
    }

    /** All that was opened; for messages. */
    @Override
    public String toString() {
        return "FakeVfio" + new ArrayList<@Nullable String>(files.values());
    }
}
