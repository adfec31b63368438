// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vfio;

import io.vhost4j.VhostException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What sysfs says of PCI devices, and what a user has to do where it says the wrong thing. */
public final class SysPci {
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");

    private final Path root;

    /**
     * PCI ids of a device.
     *
     * @param vendor of the device
     * @param device of the device
     * @param subsystemVendor of the board
     * @param subsystem of the board
     */
    public record Ids(int vendor, int device, int subsystemVendor, int subsystem) {
        @Override
        public String toString() {
            return String.format("%04x:%04x, subsystem %04x:%04x", vendor, device, subsystemVendor, subsystem);
        }
    }

    /** The devices below {@code root}, on a machine {@code /sys/bus/pci/devices}. */
    public SysPci(Path root) {
        this.root = root;
    }

    /** This machine's. */
    public static SysPci ofMachine() {
        return new SysPci(Path.of("/sys/bus/pci/devices"));
    }

    /** Whether a text is a PCI address with its domain, such as {@code 0000:3b:00.2}. */
    public static boolean isAddress(String text) {
        return ADDRESS.matcher(text).matches();
    }

    /** Addresses of the devices that {@code vfio-pci} has. */
    public List<String> boundToVfio() {
        List<String> found = new ArrayList<>();
        if (Files.isDirectory(root)) {
            try (DirectoryStream<Path> devices = Files.newDirectoryStream(root)) {
                for (Path device : devices) {
                    String address = device.getFileName().toString();
                    if ("vfio-pci".equals(target(address, "driver"))) {
                        found.add(address);
                    }
                }
            } catch (IOException e) {
                throw new VhostException(root + ": cannot be read", e);
            }
        }
        found.sort(null);
        return found;
    }

    /** A device's ids. */
    public Ids ids(String address) {
        return new Ids(
                number(address, "vendor"),
                number(address, "device"),
                number(address, "subsystem_vendor"),
                number(address, "subsystem_device"));
    }

    /** The physical function that a virtual one is of; empty if it is none. */
    public String physicalFunction(String address) {
        String parent = target(address, "physfn");
        return parent == null ? "" : parent;
    }

    /**
     * The IOMMU group of a device that can be used.
     *
     * @throws VhostException if there is no such device, no IOMMU, or another driver has it
     */
    public String usableGroup(String address) {
        if (!Files.isDirectory(root.resolve(address))) {
            throw new VhostException("PCI device " + address + ": there is none; lspci -D shows them");
        }
        String group = target(address, "iommu_group");
        if (group == null) {
            throw new VhostException("PCI device " + address
                    + ": is behind no IOMMU: switch it on in the firmware and boot Linux with intel_iommu=on iommu=pt"
                    + " (AMD: iommu=pt)");
        }
        String driver = target(address, "driver");
        if (!"vfio-pci".equals(driver)) {
            String unbind =
                    driver == null ? "" : "echo " + address + " > " + root.resolve(address) + "/driver/unbind; ";
            throw new VhostException("PCI device " + address + ": "
                    + (driver == null ? "no driver has it" : "driver " + driver + " has it")
                    + ", and vfio-pci must. As root: modprobe vfio-pci; " + unbind + "echo vfio-pci > "
                    + root.resolve(address) + "/driver_override; echo " + address + " > /sys/bus/pci/drivers_probe");
        }
        return group;
    }

    private @Nullable String target(String address, String link) {
        Path path = root.resolve(address).resolve(link);
        try {
            return Files.isSymbolicLink(path)
                    ? Files.readSymbolicLink(path).getFileName().toString()
                    : null;
        } catch (IOException e) {
            throw new VhostException(path + ": cannot be read", e);
        }
    }

    private int number(String address, String file) {
        Path path = root.resolve(address).resolve(file);
        try {
            return Integer.decode(
                    Files.readString(path, StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException e) {
            throw new VhostException(path + ": is not readable as a number", e);
        }
    }
}
