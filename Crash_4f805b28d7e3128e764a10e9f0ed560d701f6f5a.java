import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_4f805b28d7e3128e764a10e9f0ed560d701f6f5a {
    static final String base64Bytes = String.join("", "kCu6urq6urovbWVtZmQ6ZnV6ei1zbWFsbCAoZJuMZXRlZCm6urq6urq6urq6urq6ulG5mrq6/////////////y9wcm9jLzZkZWxldGVkOmZ1enotc21hbGwgKGRlbGV0ZWQAKbq6////Kmgr");

    public static void main(String[] args) throws Throwable {
        Crash_4f805b28d7e3128e764a10e9f0ed560d701f6f5a.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        io.vhost4j.core.session.SessionTarget.fuzzerTestOneInput(input);
    }
}