! SPDX-License-Identifier: Apache-2.0
! Copyright the fil-profile authors

! Allocates blocks of marked sizes, 1000000 to 1000999 bytes, in recursive subroutines and through
! procedure pointers; and keeps them.
module ways
  implicit none
  type held
    integer(1), allocatable :: bytes(:)
  end type
  type(held), save :: kept(0:1000)
  integer, save :: made = 0, state = 1
contains
  integer function next(below)
    integer, intent(in) :: below
    state = iand(state * 1103515 + 12345, 1073741823)
    next = mod(ishft(state, -10), below)
  end function

  subroutine keep()
    allocate(kept(made)%bytes(1000000 + mod(made, 1000)))
    kept(made)%bytes(1) = 1
    made = made + 1
  end subroutine

  recursive subroutine plainly(depth)
    integer, intent(in) :: depth
    call descend(depth)
    kept(0)%bytes(1) = 2
  end subroutine

  recursive subroutine with_room(depth)
    integer, intent(in) :: depth
    integer :: room(500)
    room = depth
    call descend(depth)
    kept(0)%bytes(1) = int(room(mod(depth, 500) + 1), 1)
  end subroutine

  recursive subroutine descend(depth)
    integer, intent(in) :: depth
    procedure(plainly), pointer :: way
    if (depth <= 0 .or. made > 300) then
      call keep()
      return
    end if
    if (next(2) == 0) then
      way => plainly
    else
      way => with_room
    end if
    call way(depth - 1)
    if (next(3) == 0) call keep()
  end subroutine
end module

program allocates
  use ways
  call keep()
  do while (made < 300)
    call descend(next(10))
  end do
end program
