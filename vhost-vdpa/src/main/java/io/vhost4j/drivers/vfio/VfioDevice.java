// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A PCI device through VFIO, with a container of its own. One thread at a time, registers apart. */
public final class VfioDevice implements AutoCloseable {
    private static final int ALL_ONES = 0xffff;

    private final VfioKernel kernel;
    private final String address;
    private final VfioContainer container;
    private final OwnedFd fd;
    private final Region[] bars = new Region[VfioLayout.BARS];
    private final @Nullable Mmio[] mapped = new Mmio[VfioLayout.BARS];
    private Region config = new Region(0, 0, false);
    private int vectors;

    /**
     * A part of the device's file.
     *
     * @param offset where it is in the file
     * @param size bytes, 0 if the device has no such region
     * @param mappable whether it can be mapped
     */
    public record Region(long offset, long size, boolean mappable) {}

    private VfioDevice(String address, VfioContainer container, OwnedFd fd) {
        this.kernel = container.kernel();
        this.address = address;
        this.container = container;
        this.fd = fd;
    }

    /**
     * Opens a device.
     *
     * @param address PCI address
     * @throws VhostException if it cannot be used, with what to do about it
     */
    public static VfioDevice open(VfioKernel kernel, SysPci sys, String address) {
        VfioContainer container = VfioContainer.open(kernel, address, sys.usableGroup(address));
        OwnedFd fd;
        try (Arena arena = Arena.ofConfined()) {
            int result = kernel.ioctl(
                    container.groupFd(),
                    VfioLayout.GROUP_GET_DEVICE_FD,
                    arena.allocateFrom(address, StandardCharsets.US_ASCII));
            if (result < 0) {
                throw new VhostException("PCI device " + address + ": its group gives no descriptor: "
                        + VfioContainer.describe(-result));
            }
            fd = OwnedFd.of(result);
        } catch (RuntimeException e) {
            container.close();
            throw e;
        }
        VfioDevice device = new VfioDevice(address, container, fd);
        try {
            device.describe();
            device.switchOn();
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private void describe() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = request(arena, VfioLayout.DEVICE_BYTES);
            check(kernel.ioctl(fd.fd(), VfioLayout.DEVICE_GET_INFO, info), "the device's description");
            int regions = info.get(ValueLayout.JAVA_INT, 8);
            for (int i = 0; i < VfioLayout.BARS; i++) {
                bars[i] = i < regions ? region(arena, i) : new Region(0, 0, false);
            }
            config = region(arena, VfioLayout.REGION_CONFIG);
            if (config.size() < 64) {
                throw failure("its configuration space has " + config.size() + " bytes");
            }
            MemorySegment irq = request(arena, VfioLayout.IRQ_BYTES);
            irq.set(ValueLayout.JAVA_INT, 8, VfioLayout.IRQ_MSIX);
            check(kernel.ioctl(fd.fd(), VfioLayout.DEVICE_GET_IRQ_INFO, irq), "its interrupts");
            vectors = irq.get(ValueLayout.JAVA_INT, 12);
        }
    }

    private Region region(Arena arena, int index) {
        MemorySegment info = request(arena, VfioLayout.REGION_BYTES);
        info.set(ValueLayout.JAVA_INT, 8, index);
        int result = kernel.ioctl(fd.fd(), VfioLayout.DEVICE_GET_REGION_INFO, info);
        if (result < 0) {
            return new Region(0, 0, false);
        }
        long size = info.get(ValueLayout.JAVA_LONG, 16);
        long offset = info.get(ValueLayout.JAVA_LONG, 24);
        boolean mappable = (info.get(ValueLayout.JAVA_INT, 4) & VfioLayout.REGION_MMAP) != 0;
        if (size < 0 || offset < 0 || offset + size < 0) {
            throw failure("region " + index + " of " + size + " bytes at " + offset + ": out of range");
        }
        return new Region(offset, size, mappable);
    }

    private void switchOn() {
        if (config16(VfioLayout.PCI_VENDOR) == ALL_ONES) {
            throw failure("does not answer: its configuration space reads as all ones; it may have been unplugged");
        }
        setConfig16(VfioLayout.PCI_COMMAND, config16(VfioLayout.PCI_COMMAND) | VfioLayout.PCI_COMMAND_ON);
    }

    /** Its PCI address. */
    public String address() {
        return address;
    }

    /** The address space of its own. */
    public VfioContainer container() {
        return container;
    }

    /** Its descriptor, which stays its own. */
    public int fd() {
        return fd.fd();
    }

    /** MSI-X interrupts that it has. */
    public int vectors() {
        return vectors;
    }

    /** A BAR. */
    public Region bar(int index) {
        return bars[index];
    }

    /**
     * The registers in a BAR; stay the device's.
     *
     * @throws VhostException if they cannot be mapped
     */
    public Mmio registers(int bar) {
        Mmio there = mapped[bar];
        if (there != null) {
            return there;
        }
        Region region = bars[bar];
        if (region.size() == 0 || !region.mappable()) {
            throw failure("BAR " + bar + " of " + region.size() + " bytes cannot be mapped");
        }
        try {
            Mmio made = kernel.map(fd.fd(), region.offset(), region.size());
            mapped[bar] = made;
            return made;
        } catch (NativeException e) {
            throw failure("BAR " + bar + " cannot be mapped: " + e.getMessage());
        }
    }

    /** Reads 8 bits of configuration space. */
    public int config8(int offset) {
        return (int) config(offset, 1);
    }

    /** Reads 16 bits of configuration space. */
    public int config16(int offset) {
        return (int) config(offset, Short.BYTES);
    }

    /** Reads 32 bits of configuration space, unsigned. */
    public long config32(int offset) {
        return config(offset, Integer.BYTES);
    }

    private long config(int offset, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(Long.BYTES, Long.BYTES);
            if (offset < 0
                    || offset + bytes > config.size()
                    || kernel.pread(fd.fd(), value.asSlice(0, bytes), config.offset() + offset) != bytes) {
                throw failure("configuration space at " + offset + " cannot be read");
            }
            return value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Bytes of configuration space. */
    public long configBytes() {
        return config.size();
    }

    /** Writes 32 bits of configuration space. */
    public void setConfig32(int offset, long value) {
        setConfig(offset, value, Integer.BYTES);
    }

    private void setConfig16(int offset, int value) {
        setConfig(offset, value, Short.BYTES);
    }

    private void setConfig(int offset, long value, int size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(Long.BYTES, Long.BYTES);
            bytes.set(ValueLayout.JAVA_LONG, 0, value);
            if (kernel.pwrite(fd.fd(), bytes.asSlice(0, size), config.offset() + offset) != size) {
                throw failure("configuration space at " + offset + " cannot be written");
            }
        }
    }

    /**
     * Has interrupts signal event descriptors.
     *
     * @param first the first interrupt
     * @param eventFds one for each, -1 for none; stay the caller's
     */
    public void setInterrupts(int first, int... eventFds) {
        try (Arena arena = Arena.ofConfined()) {
            int bytes = VfioLayout.IRQ_SET_BYTES + eventFds.length * Integer.BYTES;
            MemorySegment set = request(arena, bytes);
            set.set(ValueLayout.JAVA_INT, 4, VfioLayout.IRQ_EVENTFDS);
            set.set(ValueLayout.JAVA_INT, 8, VfioLayout.IRQ_MSIX);
            set.set(ValueLayout.JAVA_INT, 12, first);
            set.set(ValueLayout.JAVA_INT, 16, eventFds.length);
            for (int i = 0; i < eventFds.length; i++) {
                set.set(ValueLayout.JAVA_INT, VfioLayout.IRQ_SET_BYTES + (long) i * Integer.BYTES, eventFds[i]);
            }
            check(
                    kernel.ioctl(fd.fd(), VfioLayout.DEVICE_SET_IRQS, set),
                    eventFds.length + " of " + vectors + " MSI-X interrupts cannot be had");
        }
    }

    /** Switches all interrupts off. */
    public void clearInterrupts() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = request(arena, VfioLayout.IRQ_SET_BYTES);
            set.set(ValueLayout.JAVA_INT, 4, VfioLayout.IRQ_OFF);
            set.set(ValueLayout.JAVA_INT, 8, VfioLayout.IRQ_MSIX);
            check(kernel.ioctl(fd.fd(), VfioLayout.DEVICE_SET_IRQS, set), "interrupts cannot be switched off");
        }
    }

    /** Resets the function, if it can be. */
    public boolean reset() {
        return kernel.ioctl(fd.fd(), VfioLayout.DEVICE_RESET, 0) >= 0;
    }

    private static MemorySegment request(Arena arena, int bytes) {
        MemorySegment request = arena.allocate(bytes, Long.BYTES);
        request.set(ValueLayout.JAVA_INT, 0, bytes);
        return request;
    }

    private void check(int result, String what) {
        if (result < 0) {
            throw failure(what + ": " + VfioContainer.describe(-result));
        }
    }

    private VhostException failure(String what) {
        return new VhostException("PCI device " + address + ": " + what);
    }

    @Override
    public void close() {
        for (int i = 0; i < mapped.length; i++) {
            Mmio registers = mapped[i];
            mapped[i] = null;
            if (registers != null) {
                registers.close();
            }
        }
        try (container) {
            fd.close();
        }
    }
}
